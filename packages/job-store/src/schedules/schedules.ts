import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  DEFAULT_TIME_ZONE,
  SCHEDULES_MAX,
  type Schedule,
  type SchedulePage,
  type ScheduleRequest,
  type ScheduleTiming,
  type ToolAccess,
} from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { LimitsOf } from "../admission/tenant-limits.ts";
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { EVERY_TENANT, type Viewer } from "../reading/viewer.ts";
import type { Answer } from "../redis/answer.ts";
import { readLastJobs, type LastJob } from "./last-jobs.ts";
import { checkTiming } from "./next-run.ts";
import { formatScheduleCursor, parseScheduleCursor } from "./schedule-cursor.ts";
import { ScheduleQueue } from "./schedule-queue.ts";
import { ScheduleRecords } from "./schedule-records.ts";
import { scheduleView } from "./schedule-view.ts";
import type { StoredSchedule } from "./stored-schedule.ts";

/** So many schedules are read at once. */
const GROUP = 50;

/** The tenant has as many schedules as it may have. */
export class TooManySchedulesError extends Error {
  override name = "TooManySchedulesError";
}

export interface SchedulesOptions {
  records: ScheduleRecords;
  queue: ScheduleQueue;
  clock: Clock;
  answer: Answer;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
  limitsOf: LimitsOf;
  lastJobs: (jobIds: readonly string[]) => Promise<Map<string, LastJob>>;
}

export interface PutSchedule {
  tenant: string;
  id: string;
  request: ScheduleRequest;
  /** What the tenant may use; null: everything. */
  toolAccess: ToolAccess | null;
}

/** What clients may do with their schedules. Null always means: this tenant has no such schedule. */
export class Schedules {
  readonly #options: SchedulesOptions;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /**
   * Makes a schedule or replaces it: what the old one had planned does not happen. One that says the same already stays
   * as it is, with what is planned for it. One that is paused stays so unless the request says otherwise.
   * @throws InvalidTimingError, TooManySchedulesError
   */
  async put({
    tenant,
    id,
    request,
    toolAccess,
  }: PutSchedule): Promise<{ schedule: Schedule; created: boolean }> {
    const { records, clock, answer, retentionSeconds, limitsOf } = this.#options;
    const now = clock.now();
    const timing = timingOf(request, now);
    checkTiming(timing, now);
    const limits = limitsOf(tenant);
    const definition = { timing, job: request.job, retentionSeconds, toolAccess, limits };
    return await answer(async () => {
      if ((await records.read(tenant, id)) === null && (await records.count(tenant)) >= SCHEDULES_MAX) {
        throw new TooManySchedulesError(`${tenant} has ${SCHEDULES_MAX} schedules`);
      }
      const { before, after } = await records.change(tenant, id, (stored) => {
        const wanted = { ...definition, paused: request.paused ?? stored?.paused ?? false };
        return stored && saysTheSame(stored, wanted) ? stored : { ...wanted, ...newRevision(stored, now) };
      });
      // The change gives back what it was asked for.
      const schedule = await this.#view(tenant, id, after as StoredSchedule);
      return { schedule, created: before === null };
    });
  }

  find(tenant: string, id: string): Promise<Schedule | null> {
    const { records, answer } = this.#options;
    return answer(async () => {
      const stored = await records.read(tenant, id);
      return stored && (await this.#view(tenant, id, stored));
    });
  }

  /** A page of what the viewer sees, in the order of their tenants and ids. */
  async list(
    viewer: Viewer,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<SchedulePage> {
    const { records, answer } = this.#options;
    const tenants = viewer === EVERY_TENANT ? await answer(() => records.tenants()) : [viewer];
    const after = cursor === undefined ? null : parseScheduleCursor(cursor);
    const schedules: Schedule[] = [];
    for (const tenant of tenants.filter((name) => after === null || name >= after.tenant)) {
      const all = await answer(() => records.ids(tenant));
      const ids = all.filter((id) => tenant !== after?.tenant || id > after.id);
      while (ids.length > 0) {
        const last = schedules.at(-1);
        if (last && schedules.length >= limit) return { schedules, next_cursor: formatScheduleCursor(last) };
        // Group by group: a job may be large, and each has a look at BullMQ.
        const group = ids.splice(0, Math.min(GROUP, limit - schedules.length));
        schedules.push(...(await answer(() => this.#read(tenant, group))));
      }
    }
    return { schedules, next_cursor: null };
  }

  /** False when there is none. Jobs that it has submitted go on. */
  delete(tenant: string, id: string): Promise<boolean> {
    const { records, answer } = this.#options;
    return answer(async () => (await records.change(tenant, id, () => null)).before !== null);
  }

  close(): Promise<void> {
    return this.#options.queue.close();
  }

  /** Pauses or resumes. What is due while it is paused does not happen. */
  setPaused(tenant: string, id: string, paused: boolean): Promise<Schedule | null> {
    const { records, clock, answer } = this.#options;
    return answer(async () => {
      const now = clock.now();
      const { after } = await records.change(tenant, id, (stored) =>
        stored === null || stored.paused === paused
          ? stored
          : { ...stored, ...newRevision(stored, now), paused },
      );
      return after && (await this.#view(tenant, id, after));
    });
  }

  async #read(tenant: string, ids: readonly string[]): Promise<Schedule[]> {
    return await this.#views(tenant, await this.#options.records.readAll(tenant, ids));
  }

  async #view(tenant: string, id: string, stored: StoredSchedule): Promise<Schedule> {
    const [view] = await this.#views(tenant, [[id, stored]]);
    return view as Schedule;
  }

  async #views(tenant: string, stored: [id: string, schedule: StoredSchedule][]): Promise<Schedule[]> {
    const { records, queue, lastJobs } = this.#options;
    const runs = await records.lastRuns(
      tenant,
      stored.map(([id]) => id),
    );
    const [jobs, times] = await Promise.all([
      lastJobs(runs.flatMap((run) => run?.jobId ?? [])),
      Promise.all(stored.map(([id]) => queue.next(tenant, id))),
    ]);
    return stored.map(([id, schedule], index) => {
      const run = runs[index] ?? null;
      const job = jobs.get(run?.jobId ?? "") ?? null;
      return scheduleView({ tenant, id }, schedule, { next: times[index] ?? null, run, job });
    });
  }
}

function timingOf(
  { cron, time_zone: timeZone, interval_ms: intervalMs }: ScheduleRequest,
  now: number,
): ScheduleTiming {
  if (cron !== undefined) return { cron, timeZone: timeZone ?? DEFAULT_TIME_ZONE };
  // The schema has seen to it that there is one of them.
  return { intervalMs: intervalMs as number, anchor: now };
}

export function createSchedules({
  redis,
  keys,
  logger,
  ...options
}: Omit<SchedulesOptions, "records" | "queue" | "lastJobs"> & {
  redis: Redis;
  keys: Keys;
  logger: Logger;
}): Schedules {
  const queue = new ScheduleQueue(redis, keys, logger);
  const records = new ScheduleRecords({ redis, keys, clock: options.clock, queue });
  const lastJobs = (jobIds: readonly string[]) => readLastJobs({ redis, keys }, jobIds);
  return new Schedules({ ...options, queue, records, lastJobs });
}

type Definition = Omit<StoredSchedule, "revision" | "createdAt" | "updatedAt">;

/** Whoever puts the same interval again does not want it to begin anew. */
function saysTheSame(stored: StoredSchedule, wanted: Definition): boolean {
  const kept = "anchor" in stored.timing ? { anchor: stored.timing.anchor } : {};
  const timing = "anchor" in wanted.timing ? { ...wanted.timing, ...kept } : wanted.timing;
  const put = { ...stored, ...wanted, timing };
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(put)));
}

function newRevision(stored: StoredSchedule | null, now: number) {
  return { revision: randomBytes(8).toString("hex"), createdAt: stored?.createdAt ?? now, updatedAt: now };
}
