import type { ConversationMessage, JobRequest, ToolAccess } from "@millrace/contracts";

/** What a run learns of its job when it claims it. */
export interface ClaimedJob {
  readonly request: JobRequest;
  /** The conversation that `previous_job_id` named. */
  readonly previous: readonly ConversationMessage[];
  /** The servers and tools that its key may use; null: all. */
  readonly toolAccess: ToolAccess | null;
  /** W3C trace context of the request that submitted it. */
  readonly traceparent: string | null;
  readonly attempt: number;
  /** Attempts before it was last reopened. */
  readonly attemptsBefore: number;
  /** When the job was first started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Time left until the job's deadline, in milliseconds, at the moment of the claim. */
  readonly remainingMs: number;
  /** The job's deadline, on Redis' clock, in milliseconds since 1970. */
  readonly deadline: number;
  /** How many events the log has, this run's own start included. */
  readonly logLength: number;
  /** Somebody had cancelled the job before this run began. */
  readonly cancelRequested: boolean;
  /** Take-overs in a row without a new step. */
  readonly crashes: number;
  /** An earlier run was cut off, and may have begun a side effect that it has not written down. */
  readonly isUnknown: boolean;
  /** Whether the record says that nothing has begun; when the claim was sent (monotonic, in milliseconds). */
  readonly intent: { readonly isHeld: boolean; readonly askedAt: number };
  /** The batch of which the job is a line. */
  readonly batchId: string | null;
}
