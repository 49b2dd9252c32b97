import { z } from "zod";

/** The events that a webhook may be told of; all but the last are told by default. */
export const WebhookEvent = z.enum(["job.completed", "job.failed", "job.cancelled", "approval.requested"]);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

const DEFAULT_EVENTS: readonly WebhookEvent[] = ["job.completed", "job.failed", "job.cancelled"];

function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

/** Where a job tells of itself. */
export const Webhook = z
  .strictObject({
    url: z
      .string()
      .max(2_048)
      .refine(isWebhookUrl, "must be an http or https URL without a user name and a password")
      .describe("Gets a POST, signed as Standard Webhooks. A redirect is not followed."),
    events: z
      .array(WebhookEvent)
      .min(1)
      .max(WebhookEvent.options.length)
      .refine((events) => new Set(events).size === events.length, "names an event twice")
      .optional()
      .describe("What to tell of. Default: the three ends of a job."),
  })
  .meta({ id: "Webhook" });
export type Webhook = z.infer<typeof Webhook>;

/** The events that this webhook wants to hear of. */
export function webhookEvents({ events }: Webhook): readonly WebhookEvent[] {
  return events ?? DEFAULT_EVENTS;
}
