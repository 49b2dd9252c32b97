import { isTerminal, isTerminalEvent, jobLinks, type Job } from "@millrace/contracts";
import type { JobRecord } from "../record.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { JobReading } from "./read-job.ts";
import { endedStatus, shownResult, type TerminalEvent } from "./terminal-event.ts";

/** A job that has ended is what its first and last events say; both never change. */
export function endedJob(jobId: string, queued: QueuedEvent, terminal: TerminalEvent): Job {
  const { started_at, worker_id = null, result, error = null, usage = null, cancellation = null } = terminal;
  return {
    ...queuedJob(jobId, queued),
    status: endedStatus(terminal.type),
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
