import { isTerminal, type Job } from "@millrace/contracts";
import type { PendingEnd } from "../reading/job-ends.ts";
import { endedJob, queuedJob, type JobSnapshot } from "../reading/job-view.ts";
import type { TerminalEvent } from "../reading/terminal-event.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { StoreUnavailableError } from "../redis/unavailable.ts";
import { RECHECK_MS } from "../reading/wait-for-end.ts";

export interface SubmittedWait {
  waitMs: number;
  signal: AbortSignal;
  /** Reads the job. */
  find: () => Promise<JobSnapshot | null>;
}

/** Waits for the end of a job that has just been submitted; when that does not come, `ended` is false. */
export async function waitForSubmitted(
  jobId: string,
  queued: QueuedEvent,
  end: PendingEnd,
  { waitMs, signal, find }: SubmittedWait,
): Promise<{ job: Job; ended: boolean }> {
  const until = performance.now() + waitMs;
  for (;;) {
    const left = until - performance.now();
    const event = signal.aborted || left <= 0 ? null : await end.next(signal, Math.min(left, RECHECK_MS));
    if (event !== null)
      return { job: endedJob(jobId, queued, JSON.parse(event) as TerminalEvent), ended: true };
    const job = await findOr(queuedJob(jobId, queued), find);
    if (isTerminal(job.status)) return { job, ended: true };
    if (signal.aborted || performance.now() >= until) return { job, ended: false };
  }
}

/** The job as it is now; as it was when it cannot be read. An accepted job is never answered with an error. */
async function findOr(job: Job, find: () => Promise<JobSnapshot | null>): Promise<Job> {
  try {
    return (await find())?.job ?? job;
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return job;
  }
}
