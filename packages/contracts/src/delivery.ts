import { z } from "zod";
import { WebhookEvent } from "./webhook.ts";

/**
 * `pending → delivered | failed | gone`; a replay makes it pending again.
 * `failed`: given up after a day. `gone`: the receiver said 410, so it is not asked again.
 */
export const DeliveryStatus = z.enum(["pending", "delivered", "failed", "gone"]);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One request to a webhook's receiver. */
export const DeliveryAttempt = z
  .object({
    at: z.iso.datetime(),
    duration_ms: z.number(),
    status_code: z.int().nullable().describe("Null when there was no answer."),
    error: z.string().nullable().describe("Why it did not count as delivered."),
  })
  .meta({ id: "DeliveryAttempt" });
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

/** One event that a webhook is told of. */
export const Delivery = z
  .object({
    n: z.int().min(1).describe("The event's id in the job's log."),
    webhook_id: z.string().describe("The header `webhook-id`, the same at every attempt and replay."),
    event: WebhookEvent,
    status: DeliveryStatus,
    created_at: z.iso.datetime(),
    next_attempt_at: z.iso.datetime().nullable(),
    attempt_count: z.int().describe("The number of all attempts; `attempts` has the last 50."),
    attempts: z.array(DeliveryAttempt).describe("The attempts, oldest first."),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryList = z.object({ deliveries: z.array(Delivery) }).meta({ id: "DeliveryList" });
export type DeliveryList = z.infer<typeof DeliveryList>;
