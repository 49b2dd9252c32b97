import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { DelayedError, WaitingError, Worker, type Job as QueueJob } from "bullmq";
import type { JobType } from "@millrace/contracts";
import { failCrashLoop } from "./crash-loop.ts";
import { executeRun, JobCancelled, RunAbandoned, type Execute, type RunEnding } from "./job-execution.ts";
import { jobIdOf, type JobQueues, type QueuedJobData } from "./job-queues.ts";
import { claimRun } from "./claim-run.ts";
import type { JobRun, JobRunDependencies } from "./job-run.ts";
import type { Logger } from "./logger.ts";
import { failOverdueJob, forgetQueueTimeout } from "./queue-timeouts.ts";
import { CancelRequestedError, RunRefusedError } from "./run-writer.ts";
import { workDone } from "./work-done.ts";

/**
 * A killed worker's jobs start elsewhere about 8 s later, and about 6 s of a blocked event loop are borne.
 * Take-overs are not BullMQ's to limit: at its limit it would fail the job without telling our record.
 */
const RECOVERY = { lockDuration: 8_000, stalledInterval: 1_000, lockRenewTime: 2_000, maxStalledCount: 1e9 };

/** BullMQ sets no marker for prioritized jobs that come back, so an idle worker looks again after a second. */
const DRAIN_DELAY_SECONDS = 1;

/** A second start of a job that still runs in this process waits this long for the first to let go. */
const STEP_BACK_MS = 250;

/** What BullMQ gets to close in, when nothing runs any more. In milliseconds. */
const CLOSE_MS = 2_000;

export interface JobRunnerOptions extends JobRunDependencies {
  type: JobType;
  workerId: string;
  queuePrefix: string;
  /** BullMQ's connection. */
  queueRedis: Redis;
  /** Jobs of this kind at once. */
  concurrency: number;
  queues: JobQueues;
  execute: Execute;
  maxCrashes: number;
  logger: Logger;
}

/** A run whose job waits for a while, in BullMQ's delayed set. */
interface WaitingRun {
  run: JobRun;
  /** Milliseconds since 1970. */
  until: number;
  /** Of its record, as long as nobody has done anything to the job. */
  status: "parked" | "queued";
  forApproval: boolean;
}

/**
 * Takes jobs of one kind from its queue and runs them: claim, execute, finish or park.
 *
 *     stopped ── start() ──→ taking jobs ── close() ──→ draining ── idle, or the drain timeout ──→ closed
 *
 * While it drains it takes no more jobs. What still runs at the end of the drain timeout is aborted and goes back
 * to the queue.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #worker: Worker<QueuedJobData>;
  /** One run for each job id: BullMQ may hand this process a job that it lost and has not noticed. */
  readonly #runs = new Map<string, AbortController>();
  #runEnded = Promise.withResolvers<void>();
  #closing: Promise<void> | null = null;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#worker = new Worker<QueuedJobData>(options.type, (job, token) => this.#process(job, token), {
      connection: options.queueRedis,
      prefix: options.queuePrefix,
      concurrency: options.concurrency,
      name: options.workerId,
      autorun: false,
      drainDelay: DRAIN_DELAY_SECONDS,
      ...RECOVERY,
    });
    this.#worker.on("error", (error) => options.logger.debug({ reason: error.message }, "queue connection"));
    this.#worker.on("failed", (job, error) => {
      options.logger.warn(
        { job_id: jobIdOf(job?.id), reason: error.message },
        "Run not finished; it starts again soon",
      );
    });
    this.#worker.on("lockRenewalFailed", (jobIds) => {
      for (const id of jobIds) this.#runs.get(jobIdOf(id))?.abort(new RunAbandoned("its lock is lost"));
    });
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
      for (const run of this.#runs.values()) run.abort(new RunAbandoned("the worker shuts down"));
    }, drainMs);
    const closed = this.#worker.close();
    // While Redis is away, neither BullMQ's close nor a run that writes its outcome comes to an end.
    await Promise.race([
      closed,
      delay(drainMs + CLOSE_MS, undefined, { ref: false }),
      this.#idleFor(CLOSE_MS),
    ]);
    clearTimeout(overdue);
  }

  /** Resolves so long after the last run has ended. */
  async #idleFor(milliseconds: number): Promise<void> {
    while (this.#runs.size > 0) await this.#runEnded.promise;
    await delay(milliseconds, undefined, { ref: false });
  }

  async #process(job: QueueJob<QueuedJobData>, token: string | undefined): Promise<void> {
    const jobId = jobIdOf(job.id);
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
    const controller = new AbortController();
    this.#runs.set(jobId, controller);
    let waiting: WaitingRun | null;
    try {
      waiting = await this.#claimAndRun(job, controller);
    } finally {
      this.#runs.delete(jobId);
      this.#runEnded.resolve();
      this.#runEnded = Promise.withResolvers();
    }
    if (!waiting) return;
    await this.#letGo(job, token, waiting);
    throw new DelayedError();
  }

  async #claimAndRun(job: QueueJob<QueuedJobData>, controller: AbortController): Promise<WaitingRun | null> {
    const { workerId, logger } = this.#options;
    const jobId = jobIdOf(job.id);
    const fence = { jobId, generation: job.data.generation, run: job.attemptsStarted, workerId };
    const claim = await claimRun(fence, job.data.request, this.#options);
    if (claim.outcome !== "claimed") {
      if (claim.outcome === "overdue") await failOverdueJob(jobId, this.#options);
      if (claim.outcome === "crash_loop") await failCrashLoop(jobId, this.#options);
      // Returning lets BullMQ drop its entry: the record has ended, or another run holds it.
      logger.info({ job_id: jobId, reason: claim.outcome }, "Job not started");
      return null;
    }
    const { run } = claim;
    if (run.request.queue_timeout_ms !== undefined) void forgetQueueTimeout(jobId, this.#options);
    const ending = await this.#run(run, controller);
    return ending && waitingRun(run, ending, this.#options.clock.now());
  }

  /** Moves the queue's entry of a job that waits out of the way until its time. */
  async #letGo(
    job: QueueJob<QueuedJobData>,
    token: string | undefined,
    { run, until, status, forApproval }: WaitingRun,
  ): Promise<void> {
    const { queues, type } = this.#options;
    try {
      await queues.park(job, until, token);
    } finally {
      // What would have woken it may have happened before it could be woken. Also after an error: it may have been
      // moved, and only the answer been lost.
      const record = await run.record();
      const isDue = forApproval && record?.waitingApprovals.length === 0;
      const isUntouched = record?.status === status && record.generation === run.fence.generation;
      if (isDue || !isUntouched) await queues.wake(type, run.fence);
    }
  }

  /** Executes a run and writes its ending; null when the job is somebody else's by then. */
  async #run(run: JobRun, controller: AbortController): Promise<RunEnding | null> {
    const { logger } = this.#options;
    const { jobId } = run.fence;
    try {
      const ending = await writeEnding(run, await executeRun(run, controller, this.#options));
      const { status } = ending;
      const error = status === "failed" ? { error: ending.error.code } : {};
      const isOver = status !== "parked" && status !== "retrying";
      logger.info({ job_id: jobId, status, ...error }, isOver ? "Job finished" : "Job waits");
      return ending;
    } catch (error) {
      logger.warn({ job_id: jobId, reason: String(error) }, "Run given up");
      // Whoever refused this run goes on with the job. Otherwise BullMQ starts it again after its backoff.
      if (error instanceof RunRefusedError) return null;
      throw error;
    }
  }
}

function waitingRun(run: JobRun, ending: RunEnding, now: number): WaitingRun | null {
  if (ending.status === "parked") {
    return { run, until: ending.until, status: "parked", forApproval: ending.reason === "approval" };
  }
  if (ending.status !== "retrying") return null;
  return { run, until: Math.ceil(now + ending.delayMs), status: "queued", forApproval: false };
}

/** Writes how a run ended. The record decides: a job whose cancel was requested meanwhile is cancelled. */
async function writeEnding(run: JobRun, ending: RunEnding): Promise<RunEnding> {
  try {
    if (ending.status === "parked") await run.park(ending.reason, ending.until, ending.leftMs);
    else if (ending.status === "retrying") await run.retry(ending.delayMs, ending.error);
    else await run.finish(ending);
    return ending;
  } catch (error) {
    if (!(error instanceof CancelRequestedError)) throw error;
    const cancelled = { status: "cancelled", ...workDone(await run.readSteps()) } as const;
    await run.finish(cancelled);
    return cancelled;
  }
}
