import { Queue, type JobsOptions, type RepeatOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { ScheduleTiming } from "@millrace/contracts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { nextRun } from "./next-run.ts";
import { schedulerId, type ScheduleTick, type StoredSchedule } from "./stored-schedule.ts";

export const SCHEDULE_QUEUE = "schedule";

/** A tick that could not be handled, because Redis failed, comes again a second later. */
const TICK: Omit<JobsOptions, "jobId" | "repeat" | "delay"> = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: 1e9,
  backoff: 1_000,
  stackTraceLimit: 1,
};

const EVENT_STREAM_LENGTH = 100;

/** For BullMQ's queue and worker alike: the times are ours to compute, cron and interval in one way. */
export const SCHEDULE_SETTINGS = {
  repeatStrategy: (millis: number, { pattern = "" }: RepeatOptions): number | undefined =>
    nextRun(JSON.parse(pattern) as ScheduleTiming, millis) ?? undefined,
};

/** BullMQ's job schedulers, one for each schedule that is not paused. */
export class ScheduleQueue {
  readonly #queue: Queue<ScheduleTick>;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#queue = new Queue<ScheduleTick>(SCHEDULE_QUEUE, {
      connection: redis,
      prefix: keys.queuePrefix(SCHEDULE_QUEUE),
      skipWaitingForReady: true,
      skipVersionCheck: true,
      streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
      settings: SCHEDULE_SETTINGS,
    });
    this.#queue.on("error", (error) => logger.debug({ reason: error.message }, "queue connection"));
  }

  /** Replaces what was planned, if anything was. */
  async plan(tenant: string, id: string, { timing, revision }: StoredSchedule): Promise<void> {
    await this.#queue.upsertJobScheduler(
      schedulerId(tenant, id),
      { pattern: JSON.stringify(timing) },
      { name: SCHEDULE_QUEUE, data: { tenant, id, revision }, opts: TICK },
    );
  }

  async forget(tenant: string, id: string): Promise<void> {
    await this.#queue.removeJobScheduler(schedulerId(tenant, id));
  }

  /** When it fires next, in milliseconds since 1970; null when nothing is planned. */
  async next(tenant: string, id: string): Promise<number | null> {
    return (await this.#queue.getJobScheduler(schedulerId(tenant, id)))?.next ?? null;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
