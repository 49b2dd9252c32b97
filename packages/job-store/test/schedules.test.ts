import { Worker } from "bullmq";
import { expect, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { SCHEDULE_QUEUE, scheduleSettings } from "../src/schedules/schedule-queue.ts";
import type { ScheduleTick } from "../src/schedules/stored-schedule.ts";
import { PATIENCE_MS } from "./support/run-jobs.ts";
import {
  EVERY_SECOND,
  jobIds,
  makeDue,
  NEVER_SOON,
  put,
  startSchedules,
  untilRun,
} from "./support/schedules.ts";
import { createInstallation, REQUEST, silentLogger, TENANT } from "./support/test-installation.ts";

test("[schedule.once] several workers submit one job for each time, the next one planned before the last is done", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const put1 = await put(api, EVERY_SECOND, "ticking");
  for (let count = 0; count < 3; count += 1) startSchedules(installation);
  expect(put1).toMatchObject({ interval_ms: 1_000, cron: null, time_zone: null, last_run_at: null });
  const first = await untilRun(api, "ticking");
  const request = { ...REQUEST, retention_seconds: 600 };
  const firstKey = `schedule ticking ${Date.parse(put1.next_run_at ?? "")}`;
  expect(await api.keyed.find(TENANT, firstKey, request)).not.toBeNull();
  const third = await untilRun(
    api,
    "ticking",
    new Date(Date.parse(first.last_run_at ?? "") + 1_000).toISOString(),
  );
  await api.schedules.setPaused(TENANT, "ticking", true);

  const active = `${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:active`;
  await vi.waitFor(async () => expect(await redis.llen(active)).toBe(0), PATIENCE_MS);
  const last = await untilRun(api, "ticking", first.last_run_at);
  const elapsed = Date.parse(last.last_run_at ?? "") - Date.parse(first.last_run_at ?? "");
  // A worker that is late leaves a time out; none comes twice.
  expect((await jobIds(api)).length).toBeLessThanOrEqual(elapsed / 1_000 + 1);
  expect(new Set(await jobIds(api)).size).toBeGreaterThanOrEqual(2);
  expect(third.last_job_id).toMatch(/^job_/);
  const job = await api.find(TENANT, third.last_job_id ?? "");
  expect(job?.job).toMatchObject({ status: "queued", request: { ...REQUEST, retention_seconds: 600 } });
});

test.each(["before", "after"])(
  "[schedule.once] a time that is handed out twice, because its worker died %s it submitted, makes one job",
  async (moment) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const api = installation.createApi();
    await put(api, NEVER_SOON);
    await makeDue(installation);
    // This worker takes it, plans the next, and dies.
    const dying = new Worker<ScheduleTick>(SCHEDULE_QUEUE, null, {
      connection: redis,
      prefix: keys.queuePrefix(SCHEDULE_QUEUE),
      autorun: false,
      lockDuration: 100,
      skipLockRenewal: true,
      skipStalledCheck: true,
      settings: scheduleSettings(silentLogger),
    });
    installation.onRelease(() => dying.close(true));
    const tick = await dying.getNextJob("dead");
    expect(tick?.data.id).toBe("nightly");
    if (moment === "after") {
      const time = tick?.id?.split(":").at(-1);
      const newJob = { tenant: TENANT, request: { ...REQUEST, retention_seconds: 600 } };
      const taken = await api.keyed.take(newJob, `schedule nightly ${time}`);
      if ("newJob" in taken) await api.submit(taken.newJob);
    }
    const before = await jobIds(api);
    expect(before).toHaveLength(moment === "after" ? 1 : 0);

    startSchedules(installation);
    startSchedules(installation);
    const ran = await untilRun(api, "nightly");
    expect(await jobIds(api)).toEqual([ran.last_job_id]);
    expect(before.every((id) => id === ran.last_job_id)).toBe(true);
    // What was due is done, and what comes next is planned.
    expect(Date.parse(ran.next_run_at ?? "")).toBeGreaterThan(Date.now());
    expect(ran.last_run_at?.slice(4)).toBe("-01-01T00:00:00.000Z");
  },
);

test("[schedule.missed] times that were missed while no worker was there are made up for once", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ticking = await put(api, EVERY_SECOND, "ticking");
  const first = Date.parse(ticking.next_run_at ?? "");
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(first + 1_200), PATIENCE_MS);
  startSchedules(installation);
  await untilRun(api, "ticking");
  await api.schedules.delete(TENANT, "ticking");
  const request = { ...REQUEST, retention_seconds: 600 };
  const jobOf = (time: number) => api.keyed.find(TENANT, `schedule ticking ${time}`, request);
  expect(await jobOf(first)).not.toBeNull();
  expect(await jobOf(first + 1_000)).toBeNull();
});

test("[schedule.limits] the jobs of schedules count against the caps that their key had when they were put", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, () => ({
    ...DEFAULT_LIMITS,
    weight: 3,
    maxRunning: 1,
    maxQueued: 2,
  }));
  const ids = ["a", "b", "c"];
  for (const id of ids) {
    await put(api, NEVER_SOON, id);
    await makeDue(installation, id);
  }
  startSchedules(installation);
  const ran = await Promise.all(ids.map((id) => untilRun(api, id)));
  const refused = ran.filter(({ last_job_id }) => last_job_id === null);
  expect(refused).toHaveLength(1);
  const message =
    "The key has 2 jobs that wait or run, which is as many as it may have: this time was left out.";
  expect(refused[0]).toMatchObject({
    last_error: { code: "too_many_jobs", message },
    last_job_status: null,
    links: { last_job: null },
  });
  expect((await jobIds(api)).toSorted()).toEqual(
    ran.flatMap(({ last_job_id }) => last_job_id ?? []).toSorted(),
  );
  const { line, admitted, state } = keys.line("tool", TENANT);
  expect(await redis.zcard(admitted)).toBe(1);
  expect(await redis.zcard(line)).toBe(1);
  expect(await redis.hget(state, "weight")).toBe("3");
});

test("[schedule.limits.newer] limits that other jobs of the key have brought go before those of its schedules", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const before = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 1 }));
  await put(before, NEVER_SOON);
  const now = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 2 }));
  await now.submit({ tenant: TENANT, request: REQUEST });
  await makeDue(installation);
  startSchedules(installation);
  await untilRun(now, "nightly");
  const { admitted, state } = keys.line("tool", TENANT);
  expect(await redis.hget(state, "max_running")).toBe("2");
  expect(await redis.zcard(admitted)).toBe(2);
});
