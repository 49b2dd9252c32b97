import { z } from "zod";
import { ChatJobRequest } from "./chat-job-request.ts";
import { ChatJob, ToolJob } from "./job.ts";
import { ToolArguments } from "./tool-call.ts";
import { ToolJobRequest } from "./tool-job-request.ts";

/** A webhook's body is never longer than this, in characters. */
export const WEBHOOK_LENGTH_MAX = 1_024 * 1_024;

const shortened = "Null, like `result`, when the job is longer than 1 MiB: read it at `links.self`.";

/** The job as it ended. */
export const WebhookJob = z
  .discriminatedUnion("type", [
    ToolJob.extend({ request: ToolJobRequest.nullable().describe(shortened) }),
    ChatJob.extend({ request: ChatJobRequest.nullable().describe(shortened) }),
  ])
  .meta({ id: "WebhookJob" });
export type WebhookJob = z.infer<typeof WebhookJob>;

/** A call that waits for an approval. */
export const WebhookApproval = z
  .object({
    job_id: z.string(),
    tool_call_id: z.string(),
    tool: z.string().describe("The unified name, `server__tool`."),
    arguments: ToolArguments.nullable().describe("Null when they are longer than 1 MiB."),
    expires_at: z.iso.datetime(),
    links: z.object({ job: z.string(), approval: z.string().describe("POST the decision here.") }),
  })
  .meta({ id: "WebhookApproval" });
export type WebhookApproval = z.infer<typeof WebhookApproval>;

const payload = <Type extends string, Data extends z.ZodType>(type: Type, data: Data) =>
  z.object({ type: z.literal(type), timestamp: z.iso.datetime().describe("Of the event."), data });

/** The body of a webhook. Source of its shape: Standard Webhooks, "Payload structure". */
export const WebhookPayload = z
  .discriminatedUnion("type", [
    payload("job.completed", WebhookJob),
    payload("job.failed", WebhookJob),
    payload("job.cancelled", WebhookJob),
    payload("approval.requested", WebhookApproval),
  ])
  .meta({ id: "WebhookPayload" });
export type WebhookPayload = z.infer<typeof WebhookPayload>;
