import {
  isTerminalEvent,
  jobLinks,
  type Job,
  type JobError,
  type JobRequest,
  type JobStatus,
  type JobType,
  type ToolJobResult,
} from "@millrace/contracts";

/**
 * The state of a job: a small hash in Redis, the only thing that decides.
 *
 *     (create) → queued ── claim ──→ running ── terminal step ──→ completed | failed
 *                                    │   ↑
 *                                    └───┘ claim by a newer run, after a crash
 *
 * A run is one start of a job by one worker, numbered by (generation, run): `run` is BullMQ's `attemptsStarted`
 * and `generation` counts how often the job was put into its queue anew. Every write of a run carries both;
 * the claim raises them, so that an older run is refused from then on.
 *
 * Once it is written, only the scripts in `scripts/` change a record.
 */
export interface JobRecord {
  tenant: string;
  type: JobType;
  status: JobStatus;
  attempt: number;
  workerId: string | null;
  startedAt: number | null;
}

/** The hash fields of a new record. The values stay under 64 bytes: longer ones cost the compact encoding. */
export function newRecordFields(record: {
  tenant: string;
  type: JobType;
  timeoutMs: number;
  retentionSeconds: number;
  replyTo?: string | undefined;
}): Record<string, string | number> {
  return {
    ...(record.replyTo === undefined ? {} : { reply_to: record.replyTo }),
    tenant: record.tenant,
    type: record.type,
    status: "queued",
    attempt: 1,
    timeout_ms: record.timeoutMs,
    retention_seconds: record.retentionSeconds,
    generation: 0,
    run: 0,
    sequence: 0,
  };
}

/** Reads what `HGETALL` answers; null when there is no such job. */
export function parseRecord(hash: Record<string, string>): JobRecord | null {
  const { tenant, type, status } = hash;
  if (tenant === undefined || type === undefined || status === undefined) return null;
  return {
    tenant,
    type: type as JobType,
    status: status as JobStatus,
    attempt: Number(hash["attempt"]),
    workerId: hash["worker_id"] ?? null,
    startedAt: hash["started_at"] === undefined ? null : Number(hash["started_at"]),
  };
}

/** The first event of every log: the request stands here and nowhere else. */
export interface QueuedEvent {
  type: "job.queued";
  time: string;
  attempt: number;
  request: JobRequest;
}

/** The last event of a log as it is stored: the outcome alone, of which readers get the whole job. */
export interface TerminalEvent {
  type: "job.completed" | "job.failed";
  time: string;
  attempt: number;
  /** Milliseconds since 1970; 26 bytes less in every job than the text. */
  started_at?: number;
  worker_id?: string;
  result?: StoredResult;
  error?: JobError;
}

/** A result without what most results share; every byte of it counts in each of many finished jobs. */
type StoredResult = Pick<ToolJobResult, "content" | "execution_time_ms"> & Partial<ToolJobResult>;

export function storedResult({ structured_content, is_error, ...result }: ToolJobResult): StoredResult {
  return {
    ...result,
    ...(structured_content === null ? {} : { structured_content }),
    ...(is_error ? { is_error } : {}),
  };
}

function shownResult({
  content,
  structured_content = null,
  is_error = false,
  execution_time_ms,
}: StoredResult) {
  return { content, structured_content, is_error, execution_time_ms } satisfies ToolJobResult;
}

/** How a run ended; `result` is kept beside the error when the tool itself reported one. */
export type JobOutcome =
  | { status: "completed"; result: ToolJobResult }
  | { status: "failed"; error: JobError; result: ToolJobResult | null };

const STATUS_OF = { "job.completed": "completed", "job.failed": "failed" } as const;

/** A job that has ended is what its first and last events say; both never change. */
export function endedJob(jobId: string, queued: QueuedEvent, terminal: TerminalEvent): Job {
  const { started_at, worker_id = null, result, error = null } = terminal;
  return {
    ...queuedJob(jobId, queued),
    status: STATUS_OF[terminal.type],
    started_at: toInstant(started_at ?? null),
    finished_at: terminal.time,
    attempt: terminal.attempt,
    worker_id,
    result: result ? shownResult(result) : null,
    error,
  };
}

/** A job that has not ended: its first event, and where its record says that it is. */
function openJob(jobId: string, record: JobRecord, queued: QueuedEvent): Job {
  return {
    ...queuedJob(jobId, queued),
    status: record.status,
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
    metadata: queued.request.metadata ?? {},
    batch_id: null,
    links: jobLinks(jobId),
  };
}

function toInstant(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

/** Builds the job from its record and the first and last events of its log. */
export function jobView(jobId: string, record: JobRecord, first: string, last: string): Job {
  const queued = JSON.parse(first) as QueuedEvent;
  const latest = JSON.parse(last) as QueuedEvent | TerminalEvent;
  // The log decides: the record may have been read just before the job ended.
  return isTerminalEvent(latest.type)
    ? endedJob(jobId, queued, latest as TerminalEvent)
    : openJob(jobId, record, queued);
}
