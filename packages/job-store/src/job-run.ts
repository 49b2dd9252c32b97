import type { ConversationMessage, JobRequest, JobStep, ParkReason } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "./clock.ts";
import { terminalEvent, type JobOutcome, type QueuedEvent } from "./job-view.ts";
import type { Keys } from "./keys.ts";
import { approvalField, parseRecord, type JobRecord } from "./record.ts";
import { RunWriter, type RunFence, type StepFields } from "./run-writer.ts";
import { untilStored } from "./unavailable.ts";
import { readSteps } from "./work-done.ts";

/** What a claim gives: the job, or why there is nothing to do. */
export type Claim =
  | { outcome: "claimed"; run: JobRun }
  | { outcome: "missing" | "terminal" | "stale" | "overdue" };

export interface JobRunDependencies {
  redis: Redis;
  keys: Keys;
  clock: Clock;
}

interface ClaimedJob {
  request: JobRequest;
  previous: ConversationMessage[];
  attempt: number;
  remainingMs: number;
  deadline: number;
  startedAt: number;
  logLength: number;
  cancelRequested: boolean;
}

/** The length of a log that has nothing but `job.queued` and the first `job.started`. */
const FIRST_START_LENGTH = 2;

/** A claimed run: what is to be done, and the only way to write what came of it. */
export class JobRun {
  readonly fence: RunFence;
  readonly request: JobRequest;
  /** The conversation that `previous_job_id` named. */
  readonly previous: readonly ConversationMessage[];
  readonly attempt: number;
  /** Time left until the job's deadline, in milliseconds, at the moment of the claim. */
  readonly remainingMs: number;
  /** Whether somebody wanted the job stopped before this run began. */
  readonly cancelRequested: boolean;
  readonly #startedAt: number;
  readonly #logLength: number;
  /** On Redis' clock, in milliseconds since 1970. */
  #deadline: number;
  readonly #dependencies: JobRunDependencies;
  readonly #writer: RunWriter;

  constructor(fence: RunFence, claimed: ClaimedJob, dependencies: JobRunDependencies) {
    this.fence = fence;
    this.request = claimed.request;
    this.previous = claimed.previous;
    this.attempt = claimed.attempt;
    this.remainingMs = claimed.remainingMs;
    this.cancelRequested = claimed.cancelRequested;
    this.#startedAt = claimed.startedAt;
    this.#logLength = claimed.logLength;
    this.#deadline = claimed.deadline;
    this.#dependencies = dependencies;
    this.#writer = new RunWriter(fence, dependencies);
  }

  /** What earlier runs of this job have written, oldest first, without `job.queued` and this run's own start. */
  async readPast(): Promise<JobStep[]> {
    if (this.#logLength <= FIRST_START_LENGTH) return [];
    const { redis, keys } = this.#dependencies;
    const log = keys.log(this.fence.jobId);
    const stored = await untilStored(() => redis.lrange(log, 1, this.#logLength - 2));
    return stored.map((event) => JSON.parse(event) as JobStep);
  }

  /**
   * Appends events to the log, in the order of the calls.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  write(steps: readonly JobStep[]): Promise<void> {
    return this.#writer.write(
      steps.map((step) => this.#encode(step)),
      approvalFields(steps),
    );
  }

  /**
   * Moves the deadline, for a time in which the job could not run.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async postponeDeadline(milliseconds: number): Promise<void> {
    this.#deadline += Math.ceil(milliseconds);
    await this.#writer.write([], { deadline: this.#deadline });
  }

  /**
   * Lets go of the job until `until`, or until its reason has ended. With an approval its clock stands still.
   * @throws CancelRequestedError when somebody wants it stopped.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async park(reason: ParkReason, until: number, leftMs: number): Promise<void> {
    const event = this.#encode({ type: "job.parked", reason, until: new Date(until).toISOString() });
    const clock: StepFields = reason === "approval" ? { left_ms: Math.max(0, Math.round(leftMs)) } : {};
    await this.#writer.close("park", event, { status: "parked", ...clock });
  }

  /** All that this job's runs have written so far, this one too. */
  readSteps(): Promise<JobStep[]> {
    const { redis, keys } = this.#dependencies;
    return untilStored(() => readSteps(redis, keys.log(this.fence.jobId)));
  }

  /** The record as it is now; null when the job is gone. */
  async record(): Promise<JobRecord | null> {
    const { redis, keys } = this.#dependencies;
    return parseRecord(await untilStored(() => redis.hgetall(keys.record(this.fence.jobId))));
  }

  /**
   * Ends the job: terminal event, record and expiry in one step.
   * @throws CancelRequestedError when somebody wants it stopped, and the outcome is another.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async finish(outcome: JobOutcome): Promise<void> {
    const event = terminalEvent(outcome, {
      at: this.#dependencies.clock.now(),
      attempt: this.attempt,
      startedAt: this.#startedAt,
      workerId: this.fence.workerId,
    });
    const kind = outcome.status === "cancelled" ? "cancel" : "end";
    await this.#writer.close(kind, JSON.stringify(event), { status: outcome.status });
  }

  #encode({ type, ...fields }: JobStep): string {
    const time = new Date(this.#dependencies.clock.now()).toISOString();
    return JSON.stringify({ type, time, attempt: this.attempt, ...fields });
  }
}

/** What the record keeps of approvals, so that each is decided once. */
function approvalFields(steps: readonly JobStep[]): StepFields {
  const fields: Record<string, string | number> = {};
  for (const step of steps) {
    if (step.type === "approval.requested") {
      fields[approvalField(step.tool_call_id)] = Date.parse(step.expires_at);
    } else if (step.type === "approval.resolved") {
      fields[approvalField(step.tool_call_id)] = step.decision;
    }
  }
  return fields;
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
  const [, attempt, startedAt, remainingMs, deadline, first, logLength, cancelRequested] = reply;
  const queued = first === null ? null : (JSON.parse(first) as QueuedEvent);
  const claimedRequest = request ?? queued?.request;
  if (!claimedRequest) throw new Error(`The claim of ${jobId} gave no request`);
  const claimed: ClaimedJob = {
    request: claimedRequest,
    previous: queued?.previous ?? [],
    attempt: Number(attempt),
    remainingMs,
    deadline: Number(deadline),
    startedAt: Number(startedAt),
    logLength,
    cancelRequested: cancelRequested === 1,
  };
  return { outcome: "claimed", run: new JobRun(fence, claimed, dependencies) };
}
