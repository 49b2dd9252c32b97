import type { JobRequest } from "@millrace/contracts";
import { JobRun, type ClaimedJob, type JobRunDependencies } from "./job-run.ts";
import type { QueuedEvent } from "../reading/job-view.ts";
import type { RunFence } from "./run-writer.ts";
import { untilStored } from "../redis/unavailable.ts";

/** What a claim gives: the job, or why there is nothing to do. */
export type Claim =
  | { outcome: "claimed"; run: JobRun }
  | { outcome: "missing" | "terminal" | "stale" | "overdue" | "crash_loop" };

export const DEFAULT_MAX_CRASHES = 20;

/**
 * Begins a run, or says why not. `request` is what came with the BullMQ job; without it the claim reads the
 * first event of the log. With `isHeld` the record says that the run has begun nothing, until it is released.
 */
export async function claimRun(
  fence: RunFence,
  request: JobRequest | undefined,
  dependencies: JobRunDependencies,
  isHeld = false,
): Promise<Claim> {
  const { redis, keys, clock, maxCrashes = DEFAULT_MAX_CRASHES } = dependencies;
  const { jobId, generation, run, workerId } = fence;
  const now = clock.now();
  // The script puts the right attempt in.
  const event = { type: "job.started", time: new Date(now).toISOString(), attempt: 1, worker_id: workerId };
  const askedAt = performance.now();
  const reply = await untilStored(() =>
    redis.millraceClaim(
      keys.record(jobId),
      keys.log(jobId),
      keys.events(jobId),
      generation,
      run,
      workerId,
      now,
      JSON.stringify(event),
      request ? "" : "1",
      maxCrashes,
      isHeld ? 1 : 0,
    ),
  );
  if (reply[0] !== "claimed") return { outcome: reply[0] };
  const [, attempt, startedAt, remainingMs, deadline, first, logLength, cancelRequested] = reply;
  const [crashes, isUnknown, attemptsBefore, batchId] = [reply[8], reply[9], reply[10], reply[11]];
  const queued = first === null ? null : (JSON.parse(first) as QueuedEvent);
  const claimedRequest = request ?? queued?.request;
  if (!claimedRequest) throw new Error(`The claim of ${jobId} gave no request`);
  const claimed: ClaimedJob = {
    request: claimedRequest,
    previous: queued?.previous ?? [],
    toolAccess: queued?.tool_access ?? null,
    traceparent: queued?.traceparent ?? null,
    attempt: Number(attempt),
    remainingMs,
    deadline: Number(deadline),
    startedAt: Number(startedAt),
    logLength,
    cancelRequested: cancelRequested === 1,
    crashes,
    isUnknown: isUnknown === 1,
    // What an earlier run may have done is not made known by this one's waiting.
    intent: { isHeld: isHeld && isUnknown === 0, askedAt },
    attemptsBefore,
    batchId,
  };
  return { outcome: "claimed", run: new JobRun(fence, claimed, dependencies) };
}
