import type { Schedule, ScheduleRequest } from "@millrace/contracts";
import { vi } from "vitest";
import type { JobStore } from "../../src/job-store.ts";
import { SCHEDULE_QUEUE } from "../../src/schedules/schedule-queue.ts";
import { PATIENCE_MS } from "./run-jobs.ts";
import { REQUEST, TENANT, type Installation } from "./test-installation.ts";

export const EVERY_SECOND: ScheduleRequest = { interval_ms: 1_000, job: REQUEST };
export const NEVER_SOON: ScheduleRequest = {
  cron: "0 0 1 1 *",
  time_zone: "UTC",
  job: REQUEST,
};

/** A worker that submits what is due. */
export function startSchedules(installation: Installation): void {
  const runner = installation.createWorker().createScheduleRunner();
  installation.onRelease(() => runner.close());
  runner.start();
}

export async function put(
  api: JobStore,
  request: ScheduleRequest,
  id = "nightly",
  tenant = TENANT,
): Promise<Schedule> {
  return (await api.schedules.put({ tenant, id, request, toolAccess: null })).schedule;
}

export async function jobIds(api: JobStore, tenant = TENANT): Promise<string[]> {
  return (await api.list(tenant, { limit: 200 })).jobs.map(({ id }) => id);
}

/** Waits for the runs of a schedule whose time is after the one given. */
export async function untilRun(api: JobStore, id: string, after: string | null = null): Promise<Schedule> {
  return await vi.waitFor(async () => {
    const schedule = await api.schedules.find(TENANT, id);
    if (!schedule?.last_run_at || (after !== null && schedule.last_run_at <= after))
      throw new Error("not yet");
    return schedule;
  }, PATIENCE_MS);
}

/** Puts the time that is planned into the past, as if every worker had been away for that long. */
export async function makeDue({ redis, keys }: Installation, id = "nightly"): Promise<void> {
  const prefix = `${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:`;
  const member = (await redis.zrange(`${prefix}delayed`, "0", "-1")).find((job) => job.includes(`/${id}:`));
  if (!member) throw new Error(`${id} is not planned`);
  await redis.zadd(`${prefix}delayed`, 1, member);
  // A worker that waits for its time is woken by this.
  await redis.zadd(`${prefix}marker`, 0, "0");
}
