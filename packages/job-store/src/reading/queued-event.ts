import type { ConversationMessage, JobRequest, ToolAccess } from "@millrace/contracts";

/** The first event of every log: the request stands here and nowhere else. */
export interface QueuedEvent {
  type: "job.queued";
  time: string;
  attempt: number;
  request: JobRequest;
  batch_id?: string;
  /** The conversation that `previous_job_id` named; readers do not get it. */
  previous?: ConversationMessage[];
  /** What the key may use of servers and tools, when that is not all; readers do not get it. */
  tool_access?: ToolAccess;
  /** W3C trace context of the request; readers do not get it. */
  traceparent?: string;
}
