import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { DelayedError, WaitingError, Worker, type Job as QueueJob } from "bullmq";
import {
  DEFAULT_TOOL_JOB_TIMEOUT_MS,
  jobError,
  type JobError,
  type JobRequest,
  type JobType,
} from "@millrace/contracts";
import type { QueuedJobData } from "./job-queues.ts";
import { claimRun, RunRefusedError, type JobRun, type JobRunDependencies } from "./job-run.ts";
import type { Logger } from "./logger.ts";
import type { JobOutcome } from "./record.ts";
import { RunTimer } from "./run-timer.ts";

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

/** What an executor is given. `signal` aborts at the deadline, when the job is lost, and at shutdown. */
export interface JobExecution {
  jobId: string;
  request: JobRequest;
  attempt: number;
  signal: AbortSignal;
  /** The job cannot run now, because what it needs is taken: its time stands still until {@link running}. */
  waiting: () => void;
  running: () => void;
}

export interface JobRunnerOptions extends JobRunDependencies {
  type: JobType;
  workerId: string;
  queuePrefix: string;
  /** BullMQ's connection. */
  queueRedis: Redis;
  /** Jobs of this kind at once. */
  concurrency: number;
  /** Does the work. Expected failures are outcomes; a rejection is a bug, or follows from the signal. */
  execute: (execution: JobExecution) => Promise<JobOutcome>;
  logger: Logger;
}

/** The job's own deadline has passed. */
class JobTimeout extends Error {}
/** The run is no longer ours to finish: its lock is lost, a newer run exists, or the process ends. */
class RunAbandoned extends Error {
  override name = "RunAbandoned";
}

/**
 * Takes jobs of one kind from its queue and runs them: claim, execute, finish.
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
        { job_id: job?.id, reason: error.message },
        "Run not finished; it starts again soon",
      );
    });
    this.#worker.on("lockRenewalFailed", (jobIds) => {
      for (const jobId of jobIds) this.#runs.get(jobId)?.abort(new RunAbandoned("its lock is lost"));
    });
  }

  /** Jobs that run now. */
  get running(): number {
    return this.#runs.size;
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
    const jobId = job.id ?? "";
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
    try {
      await this.#claimAndRun(job, jobId, controller);
    } finally {
      this.#runs.delete(jobId);
      this.#runEnded.resolve();
      this.#runEnded = Promise.withResolvers();
    }
  }

  async #claimAndRun(
    job: QueueJob<QueuedJobData>,
    jobId: string,
    controller: AbortController,
  ): Promise<void> {
    const { workerId, logger } = this.#options;
    const fence = { jobId, generation: job.data.generation, run: job.attemptsStarted, workerId };
    const claim = await claimRun(fence, job.data.request, this.#options);
    if (claim.outcome !== "claimed") {
      // Returning lets BullMQ drop its entry: the record has ended, or another run holds it.
      logger.info({ job_id: jobId, reason: claim.outcome }, "Job not started");
      return;
    }
    try {
      const outcome = await this.#execute(claim.run, controller);
      await claim.run.finish(outcome);
      const error = outcome.status === "failed" ? outcome.error.code : undefined;
      logger.info({ job_id: jobId, status: outcome.status, ...(error ? { error } : {}) }, "Job finished");
    } catch (error) {
      logger.warn({ job_id: jobId, reason: String(error) }, "Run given up");
      // Whoever refused this run goes on with the job. Otherwise BullMQ starts it again after its backoff.
      if (!(error instanceof RunRefusedError)) throw error;
    }
  }

  async #execute(run: JobRun, controller: AbortController): Promise<JobOutcome> {
    const { execute, logger } = this.#options;
    const { request, attempt } = run;
    const { jobId } = run.fence;
    if (run.remainingMs <= 0) return { status: "failed", error: timeoutError(run), result: null };
    const { signal } = controller;
    const timer = new RunTimer(run.remainingMs, () => controller.abort(new JobTimeout()));
    const running = (): void => {
      const waitedMs = timer.resume();
      // Should another worker take over, it must know as well. Refused means that one has.
      if (waitedMs > 0) run.postponeDeadline(waitedMs).catch((error: unknown) => controller.abort(error));
    };
    try {
      return await execute({ jobId, request, attempt, signal, waiting: () => timer.pause(), running });
    } catch (error) {
      const reason: unknown = signal.reason;
      if (reason instanceof RunAbandoned || reason instanceof RunRefusedError) throw reason;
      if (reason instanceof JobTimeout) return { status: "failed", error: timeoutError(run), result: null };
      logger.error({ job_id: jobId, err: error }, "Bug: a job's execution threw");
      return {
        status: "failed",
        error: jobError("internal_error", "Millrace failed to run this job."),
        result: null,
      };
    } finally {
      timer.stop();
    }
  }
}

function timeoutError(run: JobRun): JobError {
  const limit = run.request.timeout_ms ?? DEFAULT_TOOL_JOB_TIMEOUT_MS;
  return jobError("timeout", `The job did not end within ${limit} ms. Give it a longer timeout_ms.`);
}
