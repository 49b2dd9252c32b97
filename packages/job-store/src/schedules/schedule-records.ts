import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { ScheduleQueue } from "./schedule-queue.ts";
import { changeNote, type ScheduleTick, type StoredRun, type StoredSchedule } from "./stored-schedule.ts";

export interface ScheduleRecordsOptions {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  queue: ScheduleQueue;
}

/** What becomes of a schedule; null: it is deleted, or there is none. */
type Change = (stored: StoredSchedule | null) => StoredSchedule | null;

/** Schedules as they are stored. What decides stands here; BullMQ is told of it. */
export class ScheduleRecords {
  readonly #options: ScheduleRecordsOptions;

  constructor(options: ScheduleRecordsOptions) {
    this.#options = options;
  }

  async read(tenant: string, id: string): Promise<StoredSchedule | null> {
    return parse(await this.#text(tenant, id));
  }

  /** The ids of a tenant's, in their order. */
  async ids(tenant: string): Promise<string[]> {
    const { redis, keys } = this.#options;
    return (await redis.hkeys(keys.schedules(tenant))).toSorted();
  }

  /** Those of these ids that are there, in their order. */
  async readAll(tenant: string, ids: readonly string[]): Promise<[id: string, schedule: StoredSchedule][]> {
    const { redis, keys } = this.#options;
    const texts = await redis.hmget(keys.schedules(tenant), ...ids);
    return ids.flatMap((id, index) => {
      const stored = parse(texts[index] ?? null);
      return stored ? [[id, stored]] : [];
    });
  }

  /** Every tenant that has a schedule, by name. */
  async tenants(): Promise<string[]> {
    const { redis, keys } = this.#options;
    return (await redis.smembers(keys.scheduleTenants)).toSorted();
  }

  async count(tenant: string): Promise<number> {
    return await this.#options.redis.hlen(this.#options.keys.schedules(tenant));
  }

  /** The last run of each of these schedules, in their order. */
  async lastRuns(tenant: string, ids: readonly string[]): Promise<(StoredRun | null)[]> {
    if (ids.length === 0) return [];
    const { redis, keys } = this.#options;
    const texts = await redis.hmget(keys.scheduleRuns(tenant), ...ids);
    return texts.map((text) => (text === null ? null : (JSON.parse(text) as StoredRun)));
  }

  /**
   * Changes a schedule and tells BullMQ. `change` may be called several times; one that gives back what it was given
   * changes nothing. Returns what was there before and what is there now.
   */
  async change(
    tenant: string,
    id: string,
    change: Change,
  ): Promise<{ before: StoredSchedule | null; after: StoredSchedule | null }> {
    const { redis, keys, clock } = this.#options;
    for (;;) {
      const text = await this.#text(tenant, id);
      const before = parse(text);
      const after = change(before);
      if (after === before) return { before, after };
      const note = changeNote({ tenant, id, revision: (after ?? before)?.revision ?? "" });
      const isChanged = await redis.millraceChangeSchedule(
        keys.schedules(tenant),
        keys.scheduleRuns(tenant),
        keys.scheduleChanges,
        keys.scheduleTenants,
        id,
        text ?? "",
        after === null ? "" : JSON.stringify(after),
        note,
        clock.now(),
        tenant,
      );
      if (isChanged === 0) continue;
      await this.settle(tenant, id, note);
      return { before, after };
    }
  }

  /**
   * Makes BullMQ plan what is stored, and takes the note of the change away. Two at the same time may tell it in the
   * wrong order, so each looks again afterwards.
   */
  async settle(tenant: string, id: string, note: string): Promise<void> {
    const { redis, keys, queue } = this.#options;
    for (;;) {
      const stored = await this.read(tenant, id);
      if (stored === null || stored.paused) await queue.forget(tenant, id);
      else await queue.plan(tenant, id, stored);
      const now = await this.read(tenant, id);
      if (now?.revision === stored?.revision) break;
    }
    await redis.zrem(keys.scheduleChanges, note);
  }

  /** Writes down that a schedule has fired. */
  async recordRun({ tenant, id }: ScheduleTick, run: StoredRun): Promise<void> {
    const { redis, keys } = this.#options;
    const { at, ...rest } = run;
    const text = JSON.stringify({ at, ...rest });
    await redis.millraceRecordScheduleRun(keys.schedules(tenant), keys.scheduleRuns(tenant), id, at, text);
  }

  #text(tenant: string, id: string): Promise<string | null> {
    return this.#options.redis.hget(this.#options.keys.schedules(tenant), id);
  }
}

function parse(text: string | null): StoredSchedule | null {
  return text === null ? null : (JSON.parse(text) as StoredSchedule);
}
