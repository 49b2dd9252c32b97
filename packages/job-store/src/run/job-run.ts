import { currentSteps, type JobError, type JobStep, type ParkReason } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { systemClock, type Clock } from "../clock.ts";
import type { ClaimedJob } from "./claimed-job.ts";
import { terminalEvent, type JobOutcome } from "../reading/terminal-event.ts";
import type { Keys } from "../keys.ts";
import { approvalField, parseRecord, type JobRecord } from "../record.ts";
import { RunWriter, type RunFence, type StepFields } from "./run-writer.ts";
import { untilStored } from "../redis/answer.ts";
import { noteWebhook } from "../webhooks/webhook-notes.ts";
import { readChatWork, type WorkDone } from "./work-done.ts";

export interface JobRunDependencies {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  /** How many take-overs in a row, without a new step between them, end a job. */
  maxCrashes: number;
}

/** Steps after which a job that crashes its workers has got on. What a crash would only repeat is none. */
const PROGRESS: ReadonlySet<JobStep["type"]> = new Set([
  "turn.finished",
  "tool.returned",
  "approval.requested",
]);

/** Runs are counted from 1. */
const NO_RUN = 0;

/** Its time goes on. */
const NO_TIME_KEPT = "";

/** The length of a log that has nothing but `job.queued` and the first `job.started`. */
const FIRST_START_LENGTH = 2;

/** A claimed run: what is to be done, and the only way to write what came of it. */
export class JobRun {
  readonly fence: RunFence;
  readonly claimed: ClaimedJob;
  /** Take-overs in a row, until this run gets on. */
  #crashes: number;
  /** On Redis' clock, in milliseconds since 1970. */
  #deadline: number;
  #isUnknown: boolean;
  readonly #dependencies: JobRunDependencies;
  readonly #writer: RunWriter;

  constructor(fence: RunFence, claimed: ClaimedJob, dependencies: JobRunDependencies) {
    this.fence = fence;
    this.claimed = claimed;
    this.#crashes = claimed.crashes;
    this.#deadline = claimed.deadline;
    this.#isUnknown = claimed.isUnknown;
    this.#dependencies = dependencies;
    this.#writer = new RunWriter(fence, dependencies);
  }

  /** Its attempts so far, without those before it was last reopened. */
  get tries(): number {
    return this.claimed.attempt - this.claimed.attemptsBefore;
  }

  /** A side effect may have begun of which nothing is written down, by an earlier run or by this one. */
  get isUnknown(): boolean {
    return this.#isUnknown;
  }

  /** The side effect of this run has begun, and nobody knows what became of it. */
  lostAnswer(): void {
    this.#isUnknown = true;
  }

  /** Since the job's first start, in milliseconds. */
  get tookMs(): number {
    return this.#dependencies.clock.now() - this.claimed.startedAt;
  }

  /**
   * What earlier runs of this job have written since it was last begun from its start, oldest first, without
   * `job.queued` and this run's own start.
   */
  async readPast(): Promise<JobStep[]> {
    const { logLength } = this.claimed;
    if (logLength <= FIRST_START_LENGTH) return [];
    const { redis, keys } = this.#dependencies;
    const log = keys.log(this.fence.jobId);
    const stored = await untilStored(() => redis.lrange(log, 1, logLength - 2));
    return [...currentSteps(stored.map((event) => JSON.parse(event) as JobStep))];
  }

  /**
   * Appends events to the log, in the order of the calls.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  write(steps: readonly JobStep[]): Promise<void> {
    const fields = approvalFields(steps);
    if (this.#crashes > 0 && steps.some(({ type }) => PROGRESS.has(type))) {
      this.#crashes = 0;
      fields["crashes"] = 0;
    }
    return this.#writer.write(
      steps.map((step) => this.#encode(step)),
      fields,
    );
  }

  /**
   * Tells the next run, should there be one, that this one has begun no side effect yet, if that is known, and `leftMs`,
   * the time that the job has left: null when it goes on.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  hold(leftMs: number | null): Promise<void> {
    // What an earlier run may have done is not made known by this one's waiting.
    const idle: StepFields = this.#isUnknown ? {} : { idle_run: this.fence.run };
    return this.#writer.write([], { ...idle, left_ms: leftMs === null ? NO_TIME_KEPT : Math.ceil(leftMs) });
  }

  /**
   * Takes that back, because the side effect is about to begin, and moves the deadline by the time in which it could
   * not.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async release(waitedMs: number): Promise<void> {
    this.#deadline += Math.ceil(waitedMs);
    await this.#writer.write([], { idle_run: NO_RUN, left_ms: NO_TIME_KEPT, deadline: this.#deadline });
  }

  /**
   * Lets go of the job until `until`, or until its reason has ended. With an approval its clock stands still. `until` is
   * on this machine's clock; readers see it on Redis', like the times of all events.
   * @throws CancelRequestedError when somebody wants it stopped.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async park(reason: ParkReason, until: number, leftMs: number): Promise<void> {
    if (reason === "approval") await this.#noteWebhook();
    const shown = new Date(until + this.#dependencies.clock.now() - systemClock.now()).toISOString();
    const event = this.#encode({ type: "job.parked", reason, until: shown });
    const kept = reason === "approval" ? Math.max(0, Math.round(leftMs)) : NO_TIME_KEPT;
    await this.#writer.close("park", event, { status: "parked", crashes: 0, left_ms: kept });
  }

  /**
   * Ends this attempt; the next one, which waits in the queue for `delayMs`, is another run's. `isIdle`: this one has
   * begun no side effect.
   * @throws CancelRequestedError when somebody wants it stopped.
   * @throws RunRefusedError when this run no longer holds the job.
   */
  async retry(delayMs: number, error: JobError, isIdle: boolean): Promise<void> {
    const attempt = this.claimed.attempt + 1;
    const event = this.#encode({ type: "job.retrying", delay_ms: delayMs, error }, attempt);
    const idle: StepFields = isIdle ? { idle_run: this.fence.run } : {};
    await this.#writer.close("retry", event, { status: "queued", attempt, crashes: 0, ...idle });
  }

  /**
   * Tells the next run that this one gave the job back alive, and when `isIdle`, that it has begun nothing.
   * Should another run hold the job by then, nothing is told.
   */
  async giveBack(isIdle: boolean): Promise<void> {
    // The next claim counts up by one, as after a crash.
    const fields: StepFields = { crashes: -1, ...(isIdle ? { idle_run: this.fence.run } : {}) };
    await this.#writer.write([], fields).catch(() => undefined);
  }

  /** What this chat job's runs have done so far, this one too. */
  readChatWork(): Promise<WorkDone> {
    const { redis, keys } = this.#dependencies;
    return readChatWork(redis, keys.log(this.fence.jobId), untilStored);
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
    const { attempt, startedAt } = this.claimed;
    const event = terminalEvent(outcome, {
      at: this.#dependencies.clock.now(),
      attempt,
      startedAt,
      workerId: this.fence.workerId,
    });
    const kind = outcome.status === "cancelled" ? "cancel" : "end";
    await this.#noteWebhook();
    await this.#writer.close(kind, JSON.stringify(event), { status: outcome.status });
  }

  async #noteWebhook(): Promise<void> {
    if (this.claimed.request.webhook)
      await untilStored(() => noteWebhook(this.fence.jobId, this.#dependencies));
  }

  #encode({ type, ...fields }: JobStep, attempt = this.claimed.attempt): string {
    const time = new Date(this.#dependencies.clock.now()).toISOString();
    return JSON.stringify({ type, time, attempt, ...fields });
  }
}

/** What the record keeps of approvals, so that each is decided once. */
function approvalFields(steps: readonly JobStep[]): Record<string, string | number> {
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
