import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { DelayedError, WaitingError, type Job as QueueJob, type Worker } from "bullmq";
import type { JobType } from "@millrace/contracts";
import type { BatchEnds } from "../batches/batch-ends.ts";
import type { Departures } from "../admission/departures.ts";
import type { DueJobs } from "../admission/due-jobs.ts";
import { DRAIN_DELAY_SECONDS, openWorker } from "../bullmq/open-worker.ts";
import { failCrashLoop } from "./crash-loop.ts";
import { executeRun, type Execute } from "./job-execution.ts";
import { HeldLocks } from "./held-locks.ts";
import type { JobQueues, QueuedJobData } from "../job-queues.ts";
import { jobIdOf } from "../queue-entry.ts";
import { claimRun } from "./claim-run.ts";
import type { JobRun, JobRunDependencies } from "./job-run.ts";
import type { Logger } from "../logger.ts";
import type { FinishedJobs } from "../metrics/finished-jobs.ts";
import { failOverdueJob, forgetQueueTimeout } from "../control/queue-timeouts.ts";
import { HandedOver, JobCancelled, RunAbandoned } from "./abort-reasons.ts";
import { OpenClaims } from "./open-claims.ts";
import { waitingRun, writeEnding, type LeftRun, type WaitingRun } from "./run-ending.ts";
import { RunRefusedError } from "./run-writer.ts";
import type { WebhookDispatch } from "../webhooks/webhook-dispatch.ts";

/** A second start of a job that still runs in this process waits this long for the first to let go. */
const STEP_BACK_MS = 250;

/** What BullMQ gets to close in, when nothing runs any more. In milliseconds. */
const CLOSE_MS = 2_000;

export interface JobRunnerOptions extends JobRunDependencies {
  type: JobType;
  workerId: string;
  /** BullMQ's connection. */
  queueRedis: Redis;
  /** Jobs of this kind at once. */
  concurrency: number;
  queues: JobQueues;
  departures: Departures;
  dueJobs: DueJobs;
  finished: FinishedJobs;
  batchEnds: BatchEnds;
  webhooks: WebhookDispatch;
  execute: Execute;
  logger: Logger;
}

/**
 * Takes jobs of one kind from its queue and runs them: claim, execute, finish or park.
 *
 *     stopped ── start() ──→ taking jobs ── close() ──→ draining ── idle, or the drain timeout ──→ closed
 *
 * While it drains it takes no more jobs. A job goes back to the queue, for another worker, when its step has ended or
 * has not begun; what still runs at the end of the drain timeout is aborted and goes back as well.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #worker: Worker<QueuedJobData>;
  /** One run for each job id: BullMQ may hand this process a job that it lost and has not noticed. */
  readonly #runs = new Map<string, AbortController>();
  readonly #openClaims = new OpenClaims();
  readonly #locks: HeldLocks;
  #runEnded = Promise.withResolvers<void>();
  readonly #draining = new AbortController();
  #closing: Promise<void> | null = null;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    const { type, workerId: name, concurrency } = options;
    const settings = { name, concurrency, drainDelay: DRAIN_DELAY_SECONDS, skipLockRenewal: true };
    this.#worker = openWorker(type, (job, token) => this.#process(job, token), options, settings);
    this.#worker.on("failed", (job, error) => {
      options.logger.warn(
        { job_id: jobIdOf(job?.id), reason: error.message },
        "Run not finished; it starts again soon",
      );
    });
    this.#locks = new HeldLocks(this.#worker);
  }

  /** Jobs that run now. */
  get running(): number {
    return this.#runs.size;
  }

  get runningJobIds(): string[] {
    return [...this.#runs.keys()];
  }

  /** Stops a job that runs here; another's is none of its business. */
  cancel(jobId: string): void {
    this.#runs.get(jobId)?.abort(new JobCancelled());
  }

  /** Begins to take jobs. */
  start(): void {
    if (this.#closing) return;
    this.#options.dueJobs.start();
    this.#worker.run().catch((error: unknown) => {
      this.#options.logger.error({ reason: String(error) }, "The queue stopped unexpectedly");
    });
  }

  /** Takes no more jobs and waits for those that run, `drainMs` at most. */
  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#drain(drainMs);
    return this.#closing;
  }

  async #drain(drainMs: number): Promise<void> {
    const overdue = setTimeout(() => {
      for (const run of this.#runs.values()) run.abort(new HandedOver());
    }, drainMs);
    const closed = this.#worker.close();
    this.#draining.abort();
    // While Redis is away, neither BullMQ's close nor a run that writes its outcome comes to an end.
    await Promise.race([
      closed,
      delay(drainMs + CLOSE_MS, undefined, { ref: false }),
      this.#idleFor(CLOSE_MS),
    ]);
    clearTimeout(overdue);
  }

  /** Waits until no run is under way, and this much longer. */
  async #idleFor(milliseconds: number): Promise<void> {
    while (this.#runs.size > 0) await this.#runEnded.promise;
    await delay(milliseconds, undefined, { ref: false });
  }

  async #process(job: QueueJob<QueuedJobData>, token: string | undefined): Promise<void> {
    const jobId = jobIdOf(job.id);
    const controller = new AbortController();
    const onLost = () => controller.abort(new RunAbandoned("its lock is lost"));
    using _ = this.#locks.hold(job.id ?? jobId, { token: token ?? "", onLost });
    if (this.#closing) {
      // It was fetched while the worker began to close.
      await job.moveToWait(token);
      throw new WaitingError();
    }
    const earlier = this.#runs.get(jobId);
    if (earlier) {
      earlier.abort(new RunAbandoned("it was started again in this process"));
      await job.moveToDelayed(Date.now() + STEP_BACK_MS, token);
      throw new DelayedError();
    }
    this.#runs.set(jobId, controller);
    let left: LeftRun;
    try {
      left = await this.#claimAndRun(job, controller);
    } finally {
      this.#runs.delete(jobId);
      this.#openClaims.remove(jobId);
      this.#runEnded.resolve();
      this.#runEnded = Promise.withResolvers();
    }
    if (left === null || left === "taken_over") return;
    if (left === "handed_over") {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    await this.#letGo(job, token, left);
    throw new DelayedError();
  }

  async #claimAndRun(job: QueueJob<QueuedJobData>, controller: AbortController): Promise<LeftRun> {
    const { workerId, logger, type } = this.#options;
    const jobId = jobIdOf(job.id);
    const fence = { jobId, generation: job.data.generation, run: job.attemptsStarted, workerId };
    // A chat writes the intent of each of its calls.
    const isHeld = type === "tool" && !this.#openClaims.add(jobId);
    const claim = await claimRun(fence, { request: job.data.request, isHeld }, this.#options);
    if (claim.outcome !== "claimed") {
      if (claim.outcome === "overdue") await failOverdueJob(fence, this.#options);
      if (claim.outcome === "crash_loop") await failCrashLoop(jobId, this.#options);
      // Returning lets BullMQ drop its entry: the record has ended, or another run holds it.
      logger.info({ job_id: jobId, reason: claim.outcome }, "Job not started");
      if (claim.outcome !== "stale") void this.#leave(job, { comesBack: false });
      return null;
    }
    const { run } = claim;
    if (job.attemptsStarted > 1) this.#comeBack(job, run);
    if (run.claimed.request.queue_timeout_ms !== undefined) void forgetQueueTimeout(jobId, this.#options);
    const left = await this.#run(run, controller);
    if (left === null) void this.#leave(job, { comesBack: false });
    // Another worker may bring it back, and its line has to hear of that later than of this.
    else if (typeof left === "object") await this.#leave(job, { comesBack: true });
    return left;
  }

  /** The job has ended, or waits for something: another one of its key may come into the queue. */
  #leave({ id, data }: QueueJob<QueuedJobData>, { comesBack }: { comesBack: boolean }): Promise<void> {
    const { departures, type } = this.#options;
    const { tenant, generation } = data;
    const entry = { jobId: jobIdOf(id), generation, comesBack };
    return departures.leave({ tenant, type }, entry, comesBack ? "soon" : "later");
  }

  #comeBack({ data: { tenant } }: QueueJob<QueuedJobData>, { fence }: JobRun): void {
    const { departures, type } = this.#options;
    departures.comeBack({ tenant, type }, fence);
  }

  /** Moves the queue's entry of a job that waits out of the way until its time. */
  async #letGo(job: QueueJob<QueuedJobData>, token: string | undefined, waiting: WaitingRun): Promise<void> {
    const { run, status, forApproval } = waiting;
    const { queues, type } = this.#options;
    try {
      await queues.park(job, waiting, token);
    } finally {
      // What would have woken it may have happened before it could be woken. Also after an error: it may have been
      // moved, and only the answer been lost.
      const record = await run.record();
      const isDue = forApproval && record?.waitingApprovals.length === 0;
      const isUntouched = record?.status === status && record.generation === run.fence.generation;
      if (isDue || !isUntouched) await queues.wake(type, run.fence);
    }
  }

  /** Executes a run and writes its ending. */
  async #run(run: JobRun, controller: AbortController): Promise<LeftRun> {
    const { logger } = this.#options;
    const { jobId, generation } = run.fence;
    try {
      const environment = { ...this.#options, draining: this.#draining.signal, claims: this.#openClaims };
      const ending = await writeEnding(run, await executeRun(run, controller, environment));
      const { status } = ending;
      const error = status === "failed" ? { error: ending.error.code } : {};
      const isOver = status !== "parked" && status !== "retrying";
      logger.info({ job_id: jobId, status, ...error }, isOver ? "Job finished" : "Job waits");
      const tells = isOver || (ending.status === "parked" && ending.reason === "approval");
      // Nobody waits for it, and it never rejects.
      if (tells && run.claimed.request.webhook) void this.#options.webhooks.afterEvent(jobId);
      if (isOver) this.#options.finished.add(this.#options.type, status, run.tookMs);
      const { batchId } = run.claimed;
      if (isOver && batchId) this.#options.batchEnds.add(batchId, { jobId, status, generation });
      return waitingRun(run, ending);
    } catch (error) {
      if (error instanceof HandedOver) {
        logger.info({ job_id: jobId }, "Job handed over to another worker");
        return "handed_over";
      }
      logger.warn({ job_id: jobId, reason: String(error) }, "Run given up");
      // Whoever refused this run goes on with the job. Otherwise BullMQ starts it again after its backoff.
      if (error instanceof RunRefusedError) return error.isTakenOver ? "taken_over" : null;
      throw error;
    }
  }
}
