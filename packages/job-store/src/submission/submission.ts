import { jobTimeoutMs, type JobRequest, type ToolAccess } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { Admission } from "../admission/admission.ts";
import type { Gate } from "../admission/gate.ts";
import type { Standings } from "../admission/standing.ts";
import type { TenantLimits } from "../admission/tenant-limits.ts";
import type { JobQueues } from "../job-queues.ts";
import type { HeldKey } from "./idempotency.ts";
import type { Conversation } from "../reading/conversation.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import type { Keys } from "../keys.ts";
import { newRecordFields, type BatchMembership } from "../record.ts";

export interface Submission {
  jobId: string;
  /** The key's name; only it will see the job. */
  tenant: string;
  request: JobRequest;
  /** The conversation that it goes on with. */
  previous?: Conversation | undefined;
  /** What the key may use of servers and tools, when that is not all. */
  toolAccess?: ToolAccess | undefined;
  /** What bounds the key's jobs, as far as the process that submits does not know it better. */
  limits?: TenantLimits | undefined;
  /** W3C trace context of the request; tool calls carry it. */
  traceparent?: string | undefined;
  /** Channel that is told when the job has ended. */
  replyTo?: string;
  /** A reader follows the log already. */
  followed?: boolean;
  /** Given when the job came under an idempotency key. */
  mark?: HeldKey;
  /** The gate at which the job waits first. */
  gate?: Gate | undefined;
  /** Given when the job is a line of a batch: its id is its line's, so the same job may be submitted again. */
  batch?: BatchMembership | undefined;
}

/** A job to be, and whose it will be; with its id when it came under an idempotency key. */
export type NewJob = Pick<
  Submission,
  "tenant" | "request" | "previous" | "toolAccess" | "limits" | "traceparent" | "mark" | "gate"
> & {
  jobId?: string;
};

/** A submission as it is written: its first event, as text too, and when that was. */
export interface PreparedSubmission extends Submission {
  queued: QueuedEvent;
  event: string;
  /** Milliseconds since 1970. */
  at: number;
}

export function prepareSubmission(submission: Submission, clock: Clock): PreparedSubmission {
  const at = clock.now();
  const { request, previous, toolAccess, traceparent } = submission;
  const queued: QueuedEvent = {
    type: "job.queued",
    time: new Date(at).toISOString(),
    attempt: 1,
    request,
    ...(submission.batch ? { batch_id: submission.batch.id } : {}),
    ...(previous ? { previous: previous.messages } : {}),
    ...(toolAccess ? { tool_access: toolAccess } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return { ...submission, at, queued, event: JSON.stringify(queued) };
}

export interface SubmissionDependencies {
  keys: Keys;
  queues: JobQueues;
  admission: Admission;
  /** What this process knows of the lines of jobs. */
  standings: Standings;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
}

/** When the job fails if no worker has started it by then, in milliseconds since 1970. */
export function queueDeadline({
  at,
  request,
}: Pick<PreparedSubmission, "at" | "request">): number | undefined {
  const { queue_timeout_ms: timeoutMs, delay_ms: delayMs = 0 } = request;
  return timeoutMs === undefined ? undefined : at + delayMs + timeoutMs;
}

/** The fields of the job's record. */
export function recordOf(
  submission: PreparedSubmission,
  defaultRetentionSeconds: number,
): Record<string, string | number> {
  const { tenant, request, replyTo, batch } = submission;
  return newRecordFields({
    tenant,
    type: request.type,
    timeoutMs: jobTimeoutMs(request),
    retentionSeconds: request.retention_seconds ?? defaultRetentionSeconds,
    replyTo,
    queueDeadline: queueDeadline(submission),
    batch,
    hasWebhook: request.webhook !== undefined,
  });
}

/** A first event of at most this many characters travels with the BullMQ job. */
const SMALL_LENGTH = 1_024;

/** The request as BullMQ keeps it with the entry, which saves the worker a read; undefined when it is too large. */
export function travellingRequest({ queued, event }: PreparedSubmission): JobRequest | undefined {
  const { previous, tool_access: toolAccess, traceparent, request } = queued;
  const isAll = previous === undefined && toolAccess === undefined && traceparent === undefined;
  const fits = isAll && event.length <= SMALL_LENGTH;
  return fits ? request : undefined;
}
