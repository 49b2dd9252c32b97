import type { ScheduleError } from "@millrace/contracts";
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { QueueFullError } from "../admission/tenant-limits.ts";
import { closeWorker } from "../bullmq/close-worker.ts";
import { openWorker } from "../bullmq/open-worker.ts";
import { IdempotencyMismatchError, IdempotencyExpiredError } from "../submission/idempotency.ts";
import type { KeyedSubmissions } from "../submission/keyed-submissions.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import type { NewJob } from "../submission/submission.ts";
import { SCHEDULE_QUEUE, scheduleSettings } from "./schedule-queue.ts";
import type { ScheduleRecords } from "./schedule-records.ts";
import type { ScheduleTick, StoredRun, StoredSchedule } from "./stored-schedule.ts";

/** Ticks that are handled at once. Each is a few round trips. */
const CONCURRENCY = 20;

export interface ScheduleRunnerOptions {
  keys: Keys;
  /** BullMQ's connection. */
  queueRedis: Redis;
  records: ScheduleRecords;
  keyed: KeyedSubmissions;
  submit: (newJob: NewJob) => Promise<unknown>;
  logger: Logger;
}

/**
 * Submits the jobs of schedules when they are due. Of one schedule and time there is one job, however often that time
 * comes: its idempotency key is made of both. Before a tick is handed out BullMQ plans the next one, and does so again
 * when the worker that took it died.
 */
export class ScheduleRunner {
  readonly #options: ScheduleRunnerOptions;
  readonly #worker: Worker<ScheduleTick>;
  #closing: Promise<void> | null = null;

  constructor(options: ScheduleRunnerOptions) {
    this.#options = options;
    this.#worker = openWorker(SCHEDULE_QUEUE, (job: Job<ScheduleTick>) => this.#fire(job), options, {
      concurrency: CONCURRENCY,
      settings: scheduleSettings(options.logger),
    });
    this.#worker.on("failed", (job, error) => {
      options.logger.warn(
        { schedule: job?.data.id, reason: error.message },
        "Schedule not run; trying again",
      );
    });
  }

  start(): void {
    if (this.#closing) return;
    this.#worker.run().catch((error: unknown) => {
      this.#options.logger.error({ reason: String(error) }, "The schedules stopped unexpectedly");
    });
  }

  /** Takes no more; what is under way comes to its end, or another worker does it again. */
  close(): Promise<void> {
    this.#closing ??= closeWorker(this.#worker);
    return this.#closing;
  }

  async #fire(tick: Job<ScheduleTick>): Promise<void> {
    const { records, logger } = this.#options;
    const { tenant, id, revision } = tick.data;
    const stored = await records.read(tenant, id);
    // A pause is a revision too.
    if (stored?.revision !== revision) {
      logger.info({ schedule: id }, "Schedule not run: it has been changed, paused or deleted");
      return;
    }
    const at = dueTime(tick);
    const run = await this.#submit(tick.data, stored, at);
    if (run?.error) logger.warn({ schedule: id, reason: run.error.message }, "Schedule not run");
    if (run) await records.recordRun(tick.data, run);
  }

  /** Null when the time had its job before, and another request since. */
  async #submit({ tenant, id }: ScheduleTick, stored: StoredSchedule, at: number): Promise<StoredRun | null> {
    const { keyed, submit } = this.#options;
    const { job, retentionSeconds, toolAccess, limits } = stored;
    const request = { ...job, retention_seconds: job.retention_seconds ?? retentionSeconds };
    const newJob = { tenant, request, limits, ...(toolAccess ? { toolAccess } : {}) };
    try {
      const taken = await keyed.take(newJob, idempotencyKey(id, at));
      if ("repeated" in taken) return { at, jobId: taken.repeated.job.id };
      await submit(taken.newJob);
      return { at, jobId: taken.newJob.jobId ?? null };
    } catch (error) {
      if (error instanceof QueueFullError) return { at, jobId: null, error: tooManyJobs(error) };
      if (error instanceof IdempotencyMismatchError || error instanceof IdempotencyExpiredError) return null;
      throw error;
    }
  }
}

function tooManyJobs({ message }: QueueFullError): ScheduleError {
  return {
    code: "too_many_jobs",
    message: `${message}, which is as many as it may have: this time was left out.`,
  };
}

/** No client can send this key: it has spaces. */
function idempotencyKey(id: string, at: number): string {
  return `schedule ${id} ${at}`;
}

/** BullMQ's id of a tick ends with the time that it is for. */
function dueTime({ id = "" }: Job<ScheduleTick>): number {
  return Number(id.slice(id.lastIndexOf(":") + 1));
}
