import {
  isTerminal,
  isTerminalEvent,
  jobLinks,
  type Cancellation,
  type ChatJobResult,
  type ConversationMessage,
  type Job,
  type JobError,
  type JobRequest,
  type JobResult,
  type TerminalStatus,
  type ToolAccess,
  type ToolJobResult,
  type Usage,
} from "@millrace/contracts";
import type { JobRecord } from "../record.ts";
import type { JobReading } from "./read-job.ts";

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

/** The last event of a log as it is stored: the outcome alone, of which readers get the whole job. */
export interface TerminalEvent {
  type: "job.completed" | "job.failed" | "job.cancelled";
  time: string;
  attempt: number;
  /** Milliseconds since 1970; 26 bytes less in every job than the text. */
  started_at?: number;
  worker_id?: string;
  result?: StoredResult;
  error?: JobError;
  usage?: Usage;
  cancellation?: Cancellation;
}

/** How a job ended; `result` is kept beside the error when the tool itself reported one. */
export type JobOutcome = { usage?: Usage } & (
  | { status: "completed"; result: JobResult }
  | { status: "failed"; error: JobError; result: ToolJobResult | null }
  | { status: "cancelled"; cancellation: Cancellation }
);

/** The terminal event of an outcome. `at` is milliseconds since 1970. */
export function terminalEvent(
  outcome: JobOutcome,
  {
    at,
    attempt,
    startedAt,
    workerId,
  }: { at: number; attempt: number; startedAt: number | null; workerId: string | null },
): TerminalEvent {
  return {
    type: `job.${outcome.status}`,
    time: new Date(at).toISOString(),
    attempt,
    ...(startedAt === null ? {} : { started_at: startedAt }),
    ...(workerId === null ? {} : { worker_id: workerId }),
    ...(outcome.status !== "cancelled" && outcome.result ? { result: storedResult(outcome.result) } : {}),
    ...(outcome.status === "failed" ? { error: outcome.error } : {}),
    ...(outcome.usage ? { usage: outcome.usage } : {}),
    ...(outcome.status === "cancelled" ? { cancellation: outcome.cancellation } : {}),
  };
}

/** A tool's result without what most results share; every byte of it counts in each of many finished jobs. */
type StoredToolResult = Pick<ToolJobResult, "content" | "execution_time_ms"> & Partial<ToolJobResult>;
type StoredResult = StoredToolResult | ChatJobResult;

function storedResult(result: JobResult): StoredResult {
  if ("message" in result) return result;
  const { structured_content, is_error, ...always } = result;
  return {
    ...always,
    ...(structured_content === null ? {} : { structured_content }),
    ...(is_error ? { is_error } : {}),
  };
}

/** A result as readers see it. */
export function shownResult(stored: StoredResult): JobResult {
  if ("message" in stored) return stored;
  const { content, execution_time_ms, ...unusual } = stored;
  return { content, structured_content: null, is_error: false, ...unusual, execution_time_ms };
}

const STATUS_OF = {
  "job.completed": "completed",
  "job.failed": "failed",
  "job.cancelled": "cancelled",
} as const satisfies Record<TerminalEvent["type"], TerminalStatus>;

/** The status that a terminal event gives its job. */
export function endedStatus(type: TerminalEvent["type"]): TerminalStatus {
  return STATUS_OF[type];
}

/** A job that has ended is what its first and last events say; both never change. */
export function endedJob(jobId: string, queued: QueuedEvent, terminal: TerminalEvent): Job {
  const { started_at, worker_id = null, result, error = null, usage = null, cancellation = null } = terminal;
  return {
    ...queuedJob(jobId, queued),
    status: STATUS_OF[terminal.type],
    started_at: toInstant(started_at ?? null),
    finished_at: terminal.time,
    attempt: terminal.attempt,
    worker_id,
    result: result ? shownResult(result) : null,
    error,
    usage,
    cancellation,
    // The log of a chat job holds a chat job's result.
  } as Job;
}

/** A job that has not ended: its first event, and where its record says that it is. */
function openJob(jobId: string, record: JobRecord, queued: QueuedEvent): Job {
  return {
    ...queuedJob(jobId, queued),
    // The record may have been read just before the job was reopened.
    status: isTerminal(record.status) ? "queued" : record.status,
    started_at: toInstant(record.startedAt),
    attempt: record.attempt,
    worker_id: record.workerId,
  };
}

/** A job that no worker has claimed yet. */
export function queuedJob(jobId: string, queued: QueuedEvent): Job {
  return {
    id: jobId,
    type: queued.request.type,
    status: "queued",
    created_at: queued.time,
    started_at: null,
    finished_at: null,
    attempt: queued.attempt,
    worker_id: null,
    request: queued.request,
    result: null,
    error: null,
    usage: null,
    cancellation: null,
    metadata: queued.request.metadata ?? {},
    batch_id: queued.batch_id ?? null,
    links: jobLinks(jobId),
    // Its type is its request's.
  } as Job;
}

function toInstant(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

/** Builds the job from its record and the first and last events of its log. */
export function jobView(jobId: string, { record, first, last }: Omit<JobReading, "logLength">): Job {
  const queued = JSON.parse(first) as QueuedEvent;
  // The log decides: the record may have been read just before the job ended.
  const latest = JSON.parse(last) as { type: string };
  return isTerminalEvent(latest.type)
    ? endedJob(jobId, queued, latest as TerminalEvent)
    : openJob(jobId, record, queued);
}

/** A job as it is now, and the length of its log at that moment. */
export interface JobSnapshot {
  job: Job;
  logLength: number;
}
