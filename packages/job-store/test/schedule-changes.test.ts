import { jobError } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { EVERY_TENANT, type Viewer } from "../src/reading/viewer.ts";
import { SCHEDULE_QUEUE } from "../src/schedules/schedule-queue.ts";
import { PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import {
  EVERY_SECOND,
  jobIds,
  makeDue,
  NEVER_SOON,
  put,
  startSchedules,
  untilRun,
} from "./support/schedules.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

const PAGE = { limit: 200 };

/** Longer ago than any change takes. */
const LONG_AGO = Date.now() - 60_000;

test("[schedule.put] the same again changes nothing, another one replaces what was planned", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const first = await put(api, EVERY_SECOND);
  expect(await put(api, EVERY_SECOND)).toEqual(first);
  const second = await put(api, NEVER_SOON);
  expect(second).toMatchObject({ cron: "0 0 1 1 *", time_zone: "UTC", interval_ms: null });
  expect(second.created_at).toBe(first.created_at);
  expect(second.next_run_at?.slice(4)).toBe("-01-01T00:00:00.000Z");
  const planned = await redis.zcard(`${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:delayed`);
  expect(planned).toBe(1);
  // Many at the same time end with one that is planned as it is stored.
  const crons = Array.from({ length: 10 }, (_, hour) => `0 ${hour} 1 1 *`);
  await Promise.all(crons.map((cron) => put(api, { ...NEVER_SOON, cron })));
  const last = await api.schedules.find(TENANT, "nightly");
  expect(new Date(last?.next_run_at ?? "").getUTCHours()).toBe(Number(last?.cron?.split(" ")[1]));
  expect(await redis.exists(keys.scheduleChanges)).toBe(0);
});

test("[schedule.put.paused] a paused schedule that is put again stays paused, unless the request says otherwise", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  expect(await put(api, NEVER_SOON)).toMatchObject({ paused: false });
  const paused = await api.schedules.setPaused(TENANT, "nightly", true);
  expect(await put(api, NEVER_SOON)).toEqual(paused);
  expect(await put(api, EVERY_SECOND)).toMatchObject({ paused: true, next_run_at: null });
  expect(await put(api, { ...EVERY_SECOND, paused: false })).toMatchObject({ paused: false });
});

test("[schedule.put] a time of the old definition that was fetched already submits nothing", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  await put(api, NEVER_SOON);
  await makeDue(installation);
  const prefix = `${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:`;
  const [tick = ""] = await redis.zrange(`${prefix}delayed`, "0", "-1");
  // It waits to be taken, so BullMQ does not take it away with the plan.
  await redis.zrem(`${prefix}delayed`, tick);
  await redis.lpush(`${prefix}active`, tick);
  await put(api, { ...NEVER_SOON, cron: "0 0 2 1 *" });
  await put(api, NEVER_SOON, "witness");
  await makeDue(installation, "witness");
  startSchedules(installation);
  await untilRun(api, "witness");
  await vi.waitFor(async () => expect(await redis.exists(prefix + tick)).toBe(0), PATIENCE_MS);
  expect(await jobIds(api)).toHaveLength(1);
  expect((await api.schedules.find(TENANT, "nightly"))?.last_run_at).toBeNull();
});

test("[schedule.pause] pausing keeps what is due from happening, and resuming goes on with the next time", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  await put(api, NEVER_SOON);
  await makeDue(installation);
  expect(await api.schedules.setPaused(TENANT, "nightly", true)).toMatchObject({
    paused: true,
    next_run_at: null,
  });
  expect(await redis.zcard(`${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:delayed`)).toBe(0);
  await put(api, NEVER_SOON, "witness");
  await makeDue(installation, "witness");
  startSchedules(installation);
  await untilRun(api, "witness");
  expect(await api.schedules.find(TENANT, "nightly")).toMatchObject({ paused: true, last_run_at: null });

  const resumed = await api.schedules.setPaused(TENANT, "nightly", false);
  expect(resumed?.next_run_at?.slice(4)).toBe("-01-01T00:00:00.000Z");
  await makeDue(installation);
  await untilRun(api, "nightly");
  expect(await api.schedules.setPaused(TENANT, "other", true)).toBeNull();
  expect(await redis.exists(keys.scheduleChanges)).toBe(0);
});

test("[schedule.delete] a deleted schedule is gone, and the job that it has submitted goes on", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  await put(api, NEVER_SOON);
  await makeDue(installation);
  startSchedules(installation);
  const { last_job_id: jobId } = await untilRun(api, "nightly");
  expect(await api.schedules.delete(TENANT, "nightly")).toBe(true);
  expect(await api.schedules.delete(TENANT, "nightly")).toBe(false);
  expect(await api.schedules.find(TENANT, "nightly")).toBeNull();
  expect((await api.find(TENANT, jobId ?? ""))?.job.status).toBe("queued");
  const left = [keys.schedules(TENANT), keys.scheduleRuns(TENANT), keys.scheduleTenants];
  expect(await redis.exists(...left)).toBe(0);
  // Made anew, it has no past.
  expect(await put(api, NEVER_SOON)).toMatchObject({ last_run_at: null, last_job_id: null });
});

test("[schedule.tenant] a schedule is its key's: others neither see nor change it", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  await put(api, NEVER_SOON);
  await put(api, EVERY_SECOND, "nightly", "bob");
  expect(await api.schedules.find("carol", "nightly")).toBeNull();
  expect(await api.schedules.delete("carol", "nightly")).toBe(false);
  expect(await api.schedules.delete("bob", "nightly")).toBe(true);
  expect((await api.schedules.list(TENANT, PAGE)).schedules.map(({ id }) => id)).toEqual(["nightly"]);
  expect(await api.schedules.list("bob", PAGE)).toEqual({ schedules: [], next_cursor: null });
});

test("[schedule.last_job] many schedules are listed without the results of their last jobs, and with what those failed of", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const error = jobError("tool_error", "It always fails.");
  startRunner(
    installation,
    ({ request }) =>
      Promise.resolve(
        request.type === "tool" && request.tool === "fail"
          ? { status: "failed", error, result: null }
          : { status: "completed", result: RESULT },
      ),
    { type: "tool" },
  );
  const endOf = async (tool: string) => {
    const { id } = await api.submit({ tenant: TENANT, request: { ...REQUEST, tool } });
    await untilStatus(api, id, tool === "fail" ? "failed" : "completed");
    return id;
  };
  const completed = await endOf("echo");
  const lastJobs = [completed, await endOf("fail"), "job_expired"];
  const ids = Array.from({ length: 60 }, (_, index) => `many-${index + 10}`);
  await Promise.all(ids.map((id) => put(api, NEVER_SOON, id)));
  const runs = ids.map((_, index) => JSON.stringify({ at: 1, jobId: lastJobs[index % 3] }));
  await redis.hset(keys.scheduleRuns(TENANT), Object.fromEntries(ids.map((id, index) => [id, runs[index]])));
  // What nobody reads may as well not be there.
  await redis.del(keys.log(completed));

  const { schedules: listed } = await api.schedules.list(TENANT, PAGE);
  expect(listed.map(({ id }) => id)).toEqual(ids);
  const told = [
    { last_job_status: "completed", last_error: null },
    { last_job_status: "failed", last_error: { code: "tool_error", message: "It always fails." } },
    { last_job_status: null, last_error: null },
  ];
  expect(listed).toMatchObject(ids.map((_, index) => told[index % 3]));
});

test("[schedule.cut] a change that was cut off before BullMQ heard of it is completed by the sweeper", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const schedule = await put(api, NEVER_SOON);
  const text = (await redis.hget(keys.schedules(TENANT), "nightly")) ?? "";
  const sweeper = installation.createWorker().createSweeper();

  // An api died after it had stored a schedule, and before BullMQ knew.
  await api.schedules.delete(TENANT, "nightly");
  await redis.hset(keys.schedules(TENANT), "nightly", text);
  await redis.zadd(keys.scheduleChanges, LONG_AGO, `${TENANT}/nightly/x`);
  expect((await api.schedules.find(TENANT, "nightly"))?.next_run_at).toBeNull();
  await sweeper.sweep();
  expect(await api.schedules.find(TENANT, "nightly")).toEqual(schedule);

  // Another one died while it deleted it.
  await redis.hdel(keys.schedules(TENANT), "nightly");
  await redis.zadd(keys.scheduleChanges, LONG_AGO, `${TENANT}/nightly/y`);
  await sweeper.sweep();
  expect(await redis.zcard(`${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:repeat`)).toBe(0);
  expect(await redis.exists(keys.scheduleChanges)).toBe(0);
});

test("[schedule.pages] schedules are listed page by page, an admin's key by key, also while some are deleted", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  for (const id of ["c", "a", "b"]) await put(api, NEVER_SOON, id);
  for (const id of ["b", "a"]) await put(api, NEVER_SOON, id, "bob");
  const page = async (viewer: Viewer, limit: number, cursor?: string | null) => {
    const { schedules, next_cursor: next } = await api.schedules.list(viewer, {
      limit,
      cursor: cursor ?? undefined,
    });
    return { ids: schedules.map(({ key, id }) => `${key}/${id}`), next };
  };
  expect(await page(TENANT, 3)).toEqual({ ids: ["alice/a", "alice/b", "alice/c"], next: null });
  const first = await page(EVERY_TENANT, 2);
  expect(first).toEqual({ ids: ["alice/a", "alice/b"], next: "alice/b" });
  await api.schedules.delete(TENANT, "b");
  const second = await page(EVERY_TENANT, 2, first.next);
  expect(second).toEqual({ ids: ["alice/c", "bob/a"], next: "bob/a" });
  expect(await page(EVERY_TENANT, 2, second.next)).toEqual({ ids: ["bob/b"], next: null });
  // Another's cursor shows a key no more than its own.
  expect((await page("bob", 2, "alice/c")).ids).toEqual(["bob/a", "bob/b"]);
});
