import type { JobRequest } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "./clock.ts";
import type { Keys } from "./keys.ts";
import { storedResult, type JobOutcome, type QueuedEvent, type TerminalEvent } from "./record.ts";
import { untilStored } from "./unavailable.ts";

/** Events up to this size travel with the wake-up; larger ones are read from the log. In bytes. */
const PUBLISH_BYTES_MAX = 16 * 1_024;

/** One start of a job: the fence that every write carries. See {@link JobRecord}. */
export interface RunFence {
  jobId: string;
  generation: number;
  run: number;
  workerId: string;
}

/** What a claim gives: the job, or why there is nothing to do. */
export type Claim = { outcome: "claimed"; run: JobRun } | { outcome: "missing" | "terminal" | "stale" };

export interface JobRunDependencies {
  redis: Redis;
  keys: Keys;
  clock: Clock;
}

/** Another run has taken this job over, or it has ended: nothing that this run writes is accepted any more. */
export class RunRefusedError extends Error {
  constructor(jobId: string, reason: string) {
    super(`Run of ${jobId} refused: ${reason}`);
    this.name = "RunRefusedError";
  }
}

const REFUSALS: Record<number, string> = {
  [-1]: "the job is gone",
  [-2]: "the job has ended",
  [-3]: "a newer run has taken it over",
};

/** A claimed run: what is to be done, and the only way to write what came of it. */
export class JobRun {
  readonly fence: RunFence;
  readonly request: JobRequest;
  readonly attempt: number;
  /** Time left until the job's deadline, in milliseconds, at the moment of the claim. */
  readonly remainingMs: number;
  readonly #startedAt: number;
  /** On Redis' clock, in milliseconds since 1970. */
  #deadline: number;
  readonly #dependencies: JobRunDependencies;
  #sequence = 0;

  constructor(
    fence: RunFence,
    claimed: {
      request: JobRequest;
      attempt: number;
      remainingMs: number;
      deadline: number;
      startedAt: number;
    },
    dependencies: JobRunDependencies,
  ) {
    this.fence = fence;
    this.request = claimed.request;
    this.attempt = claimed.attempt;
    this.remainingMs = claimed.remainingMs;
    this.#startedAt = claimed.startedAt;
    this.#deadline = claimed.deadline;
    this.#dependencies = dependencies;
  }

  /**
   * Moves the deadline, for a time in which the job could not run.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async postponeDeadline(milliseconds: number): Promise<void> {
    this.#deadline += Math.ceil(milliseconds);
    await this.#step([], ["deadline", this.#deadline], false);
  }

  /**
   * Ends the job: terminal event, record and expiry in one step.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async finish(outcome: JobOutcome): Promise<void> {
    const now = this.#dependencies.clock.now();
    const event: TerminalEvent = {
      type: `job.${outcome.status}`,
      time: new Date(now).toISOString(),
      attempt: this.attempt,
      started_at: this.#startedAt,
      worker_id: this.fence.workerId,
      ...(outcome.result ? { result: storedResult(outcome.result) } : {}),
      ...(outcome.status === "failed" ? { error: outcome.error } : {}),
    };
    await this.#step([event], ["status", outcome.status], true);
  }

  async #step(events: object[], fields: (string | number)[], ends: boolean): Promise<void> {
    const { redis, keys } = this.#dependencies;
    const { jobId, generation, run } = this.fence;
    this.#sequence += 1;
    const lines = events.map((event) => JSON.stringify(event));
    const sequence = this.#sequence;
    const reply = await untilStored(() =>
      redis.millraceStep(
        keys.record(jobId),
        keys.log(jobId),
        keys.events(jobId),
        generation,
        run,
        sequence,
        ends ? 1 : 0,
        PUBLISH_BYTES_MAX,
        fields.length,
        ...fields,
        jobId,
        ...lines,
      ),
    );
    if (reply < 0) throw new RunRefusedError(jobId, REFUSALS[reply] ?? `code ${reply}`);
  }
}

/**
 * Begins a run, or says why not. `request` is what came with the BullMQ job; without it the claim reads the
 * first event of the log.
 */
export async function claimRun(
  fence: RunFence,
  request: JobRequest | undefined,
  dependencies: JobRunDependencies,
): Promise<Claim> {
  const { redis, keys, clock } = dependencies;
  const { jobId, generation, run, workerId } = fence;
  const now = clock.now();
  // A run never ends an attempt by itself today, so a job is always in its first.
  const event = { type: "job.started", time: new Date(now).toISOString(), attempt: 1, worker_id: workerId };
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
    ),
  );
  if (reply[0] !== "claimed") return { outcome: reply[0] };
  const [, attempt, startedAt, remainingMs, deadline, first] = reply;
  const claimed = {
    request: request ?? (JSON.parse(first ?? "null") as QueuedEvent).request,
    attempt: Number(attempt),
    remainingMs,
    deadline: Number(deadline),
    startedAt: Number(startedAt),
  };
  return { outcome: "claimed", run: new JobRun(fence, claimed, dependencies) };
}
