import { once } from "node:events";
import type { JobStep } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { claimRun } from "../src/run/claim-run.ts";
import type { ExecutionResult, JobExecution } from "../src/run/job-execution.ts";
import { approvalRequested, CHAT_DONE, CHAT_REQUEST, claimChat, submitChat } from "./support/chat-jobs.ts";
import { askOnce, approve, FAR_MS, forApproval, NOTHING } from "./support/executors.ts";
import { eventTypes, PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";

const coolDown = (forMs: number): ExecutionResult => ({
  status: "parked",
  reason: "cool_down",
  until: Date.now() + forMs,
});
/** Time enough to see that a job waits for its time. */
const TIMED_MS = 2_000;
const WARNING: JobStep = { type: "job.warning", code: "model_retry", message: "" };

test("[store.park] holds no slot while a job is parked, and tells readers of park and return", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  let first = "";
  startRunner(
    installation,
    (execution) => (execution.jobId === first ? askOnce(execution) : Promise.resolve(CHAT_DONE)),
    { concurrency: 1 },
  );
  first = await submitChat(installation);
  await untilStatus(api, first, "parked");
  const second = await submitChat(installation);
  await untilStatus(api, second, "completed");
  expect((await api.find(TENANT, first))?.job.status).toBe("parked");
  await approve(api, first);
  await untilStatus(api, first, "completed");
  const events = (await api.readLog(first, 0, 100)).map(({ json }) => JSON.parse(json));
  expect(events.map(({ type }) => type)).toEqual([
    "job.queued",
    "job.started",
    "approval.requested",
    "job.parked",
    "approval.resolved",
    "job.resumed",
    "job.completed",
  ]);
  expect(events[3]).toMatchObject({ reason: "approval", until: expect.any(String) });
  expect(Date.parse(events[3].until)).toBeGreaterThan(Date.now());
  expect(events[5].worker_id).toBe(events[1].worker_id);
  await queueEmpty(installation, "chat");
});

test("[store.park.until] tells readers on Redis' clock until when a job is parked, whatever its worker's own says", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const HOUR_MS = 3_600_000;
  // Redis' clock, as a machine sees it whose own is an hour behind.
  const clock = { now: () => Date.now() + HOUR_MS };
  const fence = { jobId, generation: 0, run: 1, workerId: "behind" };
  const claim = await claimRun(fence, { request: CHAT_REQUEST }, { redis, keys, clock, maxCrashes: 2 });
  if (claim.outcome !== "claimed") expect.fail(claim.outcome);
  const until = Date.now() + 60_000;
  await claim.run.park("cool_down", until, FAR_MS);
  const [parked] = (await api.readLog(jobId, 2, 1)).map(({ json }) => JSON.parse(json));
  const aheadMs = Date.parse(parked.until) - until;
  expect(Math.abs(aheadMs - HOUR_MS)).toBeLessThan(10_000);
});

test("[store.park.past] hands the next run all that earlier ones have written, and not its own start", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  const first = await claimChat(installation, jobId, 1);
  expect(await first.readPast()).toEqual([]);
  await first.write([WARNING]);
  await first.park("cool_down", Date.now(), 1_000);
  const second = await claimChat(installation, jobId, 2);
  await second.write([WARNING]);
  expect((await second.readPast()).map(({ type }) => type)).toEqual([
    "job.started",
    "job.warning",
    "job.parked",
  ]);
  const third = await claimChat(installation, jobId, 3);
  expect((await third.readPast()).map(({ type }) => type).slice(3)).toEqual(["job.resumed", "job.warning"]);
});

test("[store.park.clock] stops a job's clock for an approval, and not for a cool-down", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  const record = keys.record(jobId);
  await (await claimChat(installation, jobId, 1)).park("approval", Date.now() + FAR_MS, 12_345);
  // However late it comes back.
  await redis.hset(record, "deadline", 1);
  const second = await claimChat(installation, jobId, 2);
  expect(second.claimed.remainingMs).toBe(12_345);

  const deadline = await redis.hget(record, "deadline");
  await second.park("cool_down", Date.now() + FAR_MS, 12_345);
  const third = await claimChat(installation, jobId, 3);
  expect(await redis.hget(record, "deadline")).toBe(deadline);
  expect(third.claimed.remainingMs).toBeLessThanOrEqual(12_345);
  expect(await redis.hexists(record, "left_ms")).toBe(0);
});

test("[store.park.deadline] fails a job with `timeout` at its deadline, however long its cool-down lasts", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const aborted: boolean[] = [];
  startRunner(installation, ({ signal }) => {
    aborted.push(signal.aborted);
    if (!signal.aborted) return Promise.resolve(coolDown(FAR_MS));
    const cancellation = { completed: [], stopped: [], ignored: [], model_stopped: false };
    return Promise.resolve({ status: "stopped", cancellation });
  });
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, timeout_ms: 100 });
  await untilStatus(api, jobId, "failed");
  expect((await api.find(TENANT, jobId))?.job.error?.code).toBe("timeout");
  expect(aborted.at(-1)).toBe(true);
  expect(aborted.length).toBeLessThan(5);
});

test("[store.park.over] a job that asks for an approval when its time is over fails, and waits for nobody", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, async ({ signal, write }) => {
    if (signal.aborted) return { status: "stopped", cancellation: NOTHING };
    await once(signal, "abort");
    await write([approvalRequested("c1")]);
    return forApproval();
  });
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, timeout_ms: 100 });
  await untilStatus(api, jobId, "failed");
  expect((await api.find(TENANT, jobId))?.job.error?.code).toBe("timeout");
});

test("[store.park.time] wakes by itself when its time has come, again and again", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  let starts = 0;
  startRunner(installation, () => {
    starts += 1;
    return Promise.resolve(starts <= 5 ? coolDown(10.5) : CHAT_DONE);
  });
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "completed");
  const types = await eventTypes(api, jobId);
  expect(types.filter((type) => type === "job.parked")).toHaveLength(5);
  expect(types.filter((type) => type === "job.resumed")).toHaveLength(5);
  expect((await api.find(TENANT, jobId))?.job.attempt).toBe(1);
});

test("[store.park.first] starts parked jobs before all new ones, whether they are woken or their time has come", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const blocking = Promise.withResolvers<void>();
  let timed = "";
  let blocker = "";
  startRunner(
    installation,
    async (execution) => {
      if (execution.jobId === blocker) {
        blocking.resolve();
        await gate.promise;
        return CHAT_DONE;
      }
      const isBack = (await execution.readPast()).length > 0;
      const result = order.length === 0 && !isBack ? await park(execution) : CHAT_DONE;
      if (result.status === "completed") order.push(execution.jobId);
      return result;
    },
    { concurrency: 1 },
  );
  const delayed = `${keys.queuePrefix("chat")}:chat:delayed`;
  const isDelayed = (jobId: string) =>
    vi.waitFor(async () => expect(await redis.zscore(delayed, jobId)).not.toBeNull(), PATIENCE_MS);
  const park = async (execution: JobExecution): Promise<ExecutionResult> =>
    execution.request.metadata?.["kind"] === "timed" ? coolDown(TIMED_MS) : await askOnce(execution);

  const woken = await submitChat(installation);
  await isDelayed(woken);
  // Before all that a key lets in.
  expect(await redis.hget(`${keys.queuePrefix("chat")}:chat:${woken}`, "priority")).toBe("1");
  timed = await submitChat(installation, { ...CHAT_REQUEST, metadata: { kind: "timed" } });
  await isDelayed(timed);
  const due = Date.now() + TIMED_MS;
  blocker = await submitChat(installation, { ...CHAT_REQUEST, priority: 0 });
  await blocking.promise;
  const newcomer = await submitChat(installation, { ...CHAT_REQUEST, priority: 0 });
  await approve(api, woken);
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(due), 20_000);
  gate.resolve();
  await untilStatus(api, newcomer, "completed");
  expect(order.at(-1)).toBe(newcomer);
  expect(order.toSorted()).toEqual([woken, timed, newcomer].toSorted());
});
