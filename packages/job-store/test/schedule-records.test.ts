import { SCHEDULES_MAX } from "@millrace/contracts";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { SCHEDULE_QUEUE, ScheduleQueue } from "../src/schedules/schedule-queue.ts";
import { ScheduleRecords } from "../src/schedules/schedule-records.ts";
import { TooManySchedulesError } from "../src/schedules/schedules.ts";
import { EVERY_SECOND, makeDue, NEVER_SOON, put, startSchedules, untilRun } from "./support/schedules.ts";
import { createInstallation, REQUEST, silentLogger, TENANT } from "./support/test-installation.ts";

test("[schedule.runs] the latest run of a schedule stands, and one that is gone keeps none", async () => {
  const installation = createInstallation();
  const { redis, keys, onRelease } = installation;
  const api = installation.createApi();
  const queue = new ScheduleQueue(redis, keys, silentLogger);
  onRelease(() => queue.close());
  const records = new ScheduleRecords({ redis, keys, clock: systemClock, queue });
  const tick = { tenant: TENANT, id: "nightly", revision: "any" };
  await put(api, NEVER_SOON);
  await records.recordRun(tick, { at: 2_000, jobId: "job_late" });
  await records.recordRun(tick, { at: 1_000, jobId: "job_early" });
  expect(await records.lastRuns(TENANT, ["nightly"])).toEqual([{ at: 2_000, jobId: "job_late" }]);
  await api.schedules.delete(TENANT, "nightly");
  await records.recordRun(tick, { at: 3_000, jobId: "job_later" });
  expect(await records.lastRuns(TENANT, ["nightly"])).toEqual([null]);
});

test("[schedule.overtaken] a change that was overtaken on its way to BullMQ plans what is stored", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const queue = ScheduleQueue.prototype as unknown as { plan: (...given: unknown[]) => Promise<void> };
  const { plan } = queue;
  const planning = vi.spyOn(queue, "plan").mockImplementationOnce(async function (this: unknown, ...given) {
    await api.schedules.delete(TENANT, "nightly");
    await plan.apply(this, given);
  });
  onTestFinished(() => planning.mockRestore());
  await put(api, NEVER_SOON);
  expect(await redis.zcard(`${keys.queuePrefix(SCHEDULE_QUEUE)}:${SCHEDULE_QUEUE}:delayed`)).toBe(0);
});

test("[schedule.many] a key has so many schedules at most, and may change each of them", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const others = Array.from({ length: SCHEDULES_MAX - 1 }, (_, index) => [`other-${index}`, "{}"]);
  await redis.hset(keys.schedules(TENANT), Object.fromEntries(others) as Record<string, string>);
  await put(api, NEVER_SOON);
  await put(api, EVERY_SECOND);
  await expect(put(api, NEVER_SOON, "one-more")).rejects.toThrow(TooManySchedulesError);
});

test.each([
  [{}, "600"],
  [{ retention_seconds: 5 }, "5"],
])(
  "[schedule.access] a job of a schedule may use what its key may, and stays as long: %j",
  async (fields, seconds) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const api = installation.createApi();
    const request = { ...NEVER_SOON, job: { ...REQUEST, ...fields } };
    const toolAccess = { servers: ["files"] };
    await api.schedules.put({ tenant: TENANT, id: "nightly", request, toolAccess });
    await makeDue(installation);
    startSchedules(installation);
    const jobId = (await untilRun(api, "nightly")).last_job_id ?? "";
    expect(JSON.parse((await redis.lindex(keys.log(jobId), 0)) ?? "")).toMatchObject({
      tool_access: toolAccess,
    });
    expect(await redis.hget(keys.record(jobId), "retention_seconds")).toBe(seconds);
  },
);
