import type { Queue, RepeatOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { ScheduleTiming } from "@millrace/contracts";
import { openQueue } from "../bullmq/open-queue.ts";
import { UNTIL_DONE } from "../bullmq/until-done.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { nextRun } from "./next-run.ts";
import { schedulerId, type ScheduleTick, type StoredSchedule } from "./stored-schedule.ts";

export const SCHEDULE_QUEUE = "schedule";

/** For BullMQ's queue and worker alike: the times are ours to compute, cron and interval in one way. */
export function scheduleSettings(logger: Logger) {
  return {
    /** A tick for which this throws is not handed out, and BullMQ tries it again a few seconds later. */
    repeatStrategy: (millis: number, { pattern = "" }: RepeatOptions): number | undefined => {
      try {
        return nextRun(JSON.parse(pattern) as ScheduleTiming, millis) ?? undefined;
      } catch (error) {
        logger.error({ timing: pattern, reason: String(error) }, "A schedule's next time cannot be computed");
        throw error;
      }
    },
  };
}

/** BullMQ's job schedulers, one for each schedule that is not paused. */
export class ScheduleQueue {
  readonly #queue: Queue<ScheduleTick>;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#queue = openQueue(SCHEDULE_QUEUE, { redis, keys, logger, settings: scheduleSettings(logger) });
  }

  /** Replaces what was planned, if anything was. */
  async plan(tenant: string, id: string, { timing, revision }: StoredSchedule): Promise<void> {
    await this.#queue.upsertJobScheduler(
      schedulerId(tenant, id),
      { pattern: JSON.stringify(timing) },
      { name: SCHEDULE_QUEUE, data: { tenant, id, revision }, opts: UNTIL_DONE },
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
