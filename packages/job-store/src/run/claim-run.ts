import type { JobRequest } from "@millrace/contracts";
import type { ClaimedJob } from "./claimed-job.ts";
import { JobRun, type JobRunDependencies } from "./job-run.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import type { RunFence } from "./run-writer.ts";
import type { ClaimedReply } from "../scripts.ts";
import { untilStored } from "../redis/answer.ts";

/** What a claim gives: the job, or why there is nothing to do. */
export type Claim =
  | { outcome: "claimed"; run: JobRun }
  | { outcome: "missing" | "terminal" | "stale" | "overdue" | "crash_loop" };

interface ClaimOptions {
  /** What came with the BullMQ job; without it the claim reads the first event of the log. */
  request?: JobRequest | undefined;
  /** The record says that the run has begun nothing, until it is released. */
  isHeld?: boolean;
}

/** Begins a run, or says why not. */
export async function claimRun(
  fence: RunFence,
  { request, isHeld = false }: ClaimOptions,
  dependencies: JobRunDependencies,
): Promise<Claim> {
  const { redis, keys, clock, maxCrashes } = dependencies;
  const { jobId, generation, run, workerId } = fence;
  const now = clock.now();
  // The script puts the right attempt in.
  const event = { type: "job.started", time: new Date(now).toISOString(), attempt: 1, worker_id: workerId };
  const askedAt = performance.now();
  const reply = await untilStored(() =>
    redis.millraceClaim(
      keys.record(jobId),
      keys.log(jobId),
      keys.deliveries(jobId),
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
  const [outcome, ...values] = reply;
  const claimed = claimedJob(values, jobId, { request, isHeld, askedAt });
  return { outcome, run: new JobRun(fence, claimed, dependencies) };
}

function claimedJob(
  values: ClaimedReply,
  jobId: string,
  asked: { request: JobRequest | undefined; isHeld: boolean; askedAt: number },
): ClaimedJob {
  const [
    attempt,
    startedAt,
    remainingMs,
    deadline,
    first,
    logLength,
    cancelRequested,
    crashes,
    isUnknown,
    attemptsBefore,
    batchId,
  ] = values;
  const queued = first === null ? null : (JSON.parse(first) as QueuedEvent);
  const request = asked.request ?? queued?.request;
  if (!request) throw new Error(`The claim of ${jobId} gave no request`);
  return {
    request,
    previous: queued?.previous ?? [],
    toolAccess: queued?.tool_access ?? null,
    traceparent: queued?.traceparent ?? null,
    attempt: Number(attempt),
    attemptsBefore,
    startedAt: Number(startedAt),
    remainingMs,
    deadline: Number(deadline),
    logLength,
    cancelRequested: cancelRequested === 1,
    crashes,
    isUnknown: isUnknown === 1,
    // What an earlier run may have done is not made known by this one's waiting.
    intent: { isHeld: asked.isHeld && isUnknown === 0, askedAt: asked.askedAt },
    batchId,
  };
}
