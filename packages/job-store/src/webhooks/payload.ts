import {
  jobLinks,
  WEBHOOK_LENGTH_MAX,
  type JobEvent,
  type WebhookApproval,
  type WebhookJob,
} from "@millrace/contracts";
import { publicEvent } from "../reading/event-log.ts";

/** The body of a webhook for a stored event. Always the same for the same event. `first`: that of the log. */
export function webhookBody(jobId: string, n: number, stored: string, first: string): string {
  const event = JSON.parse(publicEvent(jobId, n, stored, first).json) as JobEvent;
  const body = (data: WebhookJob | WebhookApproval): string =>
    JSON.stringify({ type: event.type, timestamp: event.time, data });
  const whole = body(dataOf(jobId, event, { shortened: false }));
  return whole.length <= WEBHOOK_LENGTH_MAX ? whole : body(dataOf(jobId, event, { shortened: true }));
}

function dataOf(
  jobId: string,
  event: JobEvent,
  { shortened }: { shortened: boolean },
): WebhookJob | WebhookApproval {
  if ("job" in event) return shortened ? { ...event.job, request: null, result: null } : event.job;
  if (event.type !== "approval.requested") throw new Error(`No webhook tells of ${event.type}`);
  const { tool_call_id, tool, expires_at } = event;
  const job = jobLinks(jobId).self;
  return {
    job_id: jobId,
    tool_call_id,
    tool,
    arguments: shortened ? null : event.arguments,
    expires_at,
    links: { job, approval: `${job}/approvals/${tool_call_id}` },
  };
}
