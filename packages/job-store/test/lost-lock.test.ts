import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { once } from "node:events";
import { startTcpProxy } from "@millrace/testing";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import type { Execute, ExecutionResult } from "../src/run/job-execution.ts";
import { RunAbandoned } from "../src/run/abort-reasons.ts";
import { RunRefusedError } from "../src/run/run-writer.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat, submitChat, toolCalled } from "./support/chat-jobs.ts";
import { NOTHING } from "./support/executors.ts";
import { startFarProxy } from "./support/far-proxy.ts";
import { ageAdmitted, lineState, linesGone } from "./support/line-state.ts";
import { eventTypes, PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

/** More than a lock lasts. */
const LONG_MS = 60_000;

/** All that is done far away takes its time. */
const FAR_PATIENCE_MS = 60_000;

const TAKEN_OVER = ["job.queued", "job.started", "job.started", "job.completed"];

function lockOf({ keys }: Installation, jobId: string): string {
  return `${keys.queuePrefix("chat")}:chat:${jobId}:lock`;
}

/** What a pause, a partition or a blocked event loop comes to: the lock has expired. */
async function loseLock(installation: Installation, jobId: string): Promise<void> {
  const lock = lockOf(installation, jobId);
  await vi.waitFor(async () => expect(await installation.redis.del(lock)).toBe(1), PATIENCE_MS);
}

/** The first start runs until it is told to stop; the others are done at once. */
function firstHangs(): { execute: Execute; starts: () => number; stopped: Promise<unknown> } {
  const stopped = Promise.withResolvers<unknown>();
  let starts = 0;
  const execute: Execute = async ({ signal }) => {
    starts += 1;
    if (starts > 1) return CHAT_DONE;
    await once(signal, "abort");
    stopped.resolve(signal.reason);
    return { status: "stopped", cancellation: NOTHING };
  };
  return { execute, starts: () => starts, stopped: stopped.promise };
}

test("[store.lock.lost] a worker that has lost a job's lock aborts at once, and another goes on", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const { execute, stopped } = firstHangs();
  startRunner(installation, execute);
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "running");
  startRunner(installation, execute);
  await loseLock(installation, jobId);
  expect(await stopped).toSatisfy(
    (reason) => reason instanceof RunAbandoned || reason instanceof RunRefusedError,
  );
  await untilStatus(api, jobId, "completed");
  expect(await eventTypes(api, jobId)).toEqual(TAKEN_OVER);
  expect((await api.find(TENANT, jobId))?.job.attempt).toBe(1);
  await queueEmpty(installation, "chat");
});

test("[store.lock.lone] a lone worker that has lost a job's lock takes the job back and ends it", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const { execute, starts } = firstHangs();
  startRunner(installation, execute);
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "running");
  await loseLock(installation, jobId);
  await untilStatus(api, jobId, "completed");
  expect(starts()).toBe(2);
  expect(await eventTypes(api, jobId)).toEqual(TAKEN_OVER);
  await queueEmpty(installation, "chat");
});

test("[store.lock.place] a worker that has lost its job to another leaves it its place, so that no more run than may", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 1 }));
  const submit = async () => (await api.submit({ tenant: TENANT, request: CHAT_REQUEST })).id;
  const [jobId, next] = [await submit(), await submit()];
  const worker = installation.createWorker();
  const refused = Promise.withResolvers<unknown>();
  const execute: Execute = async ({ write, signal }) => {
    // As if another worker had claimed it since.
    await redis.hincrby(keys.record(jobId), "run", 1);
    refused.resolve(await write([toolCalled("c1")]).catch((error: unknown) => error));
    throw signal.reason;
  };
  const runner = worker.createRunner({ type: "chat", concurrency: 1, execute });
  runner.start();
  expect(await refused.promise).toBeInstanceOf(RunRefusedError);
  // It tells what it has to tell of its jobs.
  await runner.close(PATIENCE_MS);
  await worker.close();
  expect(await lineState(installation, "chat")).toMatchObject({ admitted: [jobId], line: [next] });
});

test("[store.lock.place.stale] a start that comes too late leaves the job that another worker runs its place", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await claimChat(installation, jobId, 2);
  const worker = installation.createWorker();
  const execute: Execute = () => Promise.resolve(CHAT_DONE);
  const runner = worker.createRunner({ type: "chat", concurrency: 1, execute });
  runner.start();
  await queueEmpty(installation, "chat");
  await runner.close(PATIENCE_MS);
  await worker.close();
  // By this the sweeper finds it, should that worker die.
  expect((await lineState(installation, "chat")).admitted).toEqual([jobId]);
  expect((await api.find(TENANT, jobId))?.job.status).toBe("running");
});

test("[store.lock.partition] a worker that was cut off comes back to find that its job is another's, and begins nothing", async () => {
  const { hostname: host, port } = new URL(inject("redisUrl"));
  const proxy = await startTcpProxy({ host, port: Number(port) });
  onTestFinished(() => proxy.close());
  const installation = createInstallation();
  const apart = createInstallation(`redis://127.0.0.1:${proxy.port}`, installation.keyPrefix);
  const api = installation.createApi();
  const began = Promise.withResolvers<undefined>();
  const isBack = Promise.withResolvers<undefined>();
  const intent = Promise.withResolvers<unknown>();
  let isAborted = false;
  startRunner(apart, async ({ signal, write }) => {
    began.resolve(undefined);
    await isBack.promise;
    // No tool is called before this has been written.
    intent.resolve(await write([toolCalled("c1")]).catch((error: unknown) => error));
    isAborted = signal.aborted;
    throw signal.reason;
  });
  const jobId = await submitChat(installation);
  // The record says so sooner than the worker is told that it has the job.
  await began.promise;
  proxy.blackHole();
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await loseLock(installation, jobId);
  await untilStatus(api, jobId, "completed");
  isBack.resolve(undefined);
  proxy.resume();
  proxy.cut();
  expect(await intent.promise).toBeInstanceOf(RunRefusedError);
  await vi.waitFor(() => expect(isAborted).toBe(true), PATIENCE_MS);
  expect(await eventTypes(api, jobId)).toEqual(TAKEN_OVER);
});

test("[store.lock.entry] a job that was begun, and that its queue has forgotten since, goes on elsewhere", async () => {
  const installation = createInstallation();
  const { redis, keyPrefix } = installation;
  const api = installation.createApi();
  const forget = async () => redis.del(...(await redis.keys(`{${keyPrefix}:chat}*`)));
  const jobId = await submitChat(installation);
  await claimChat(installation, jobId);
  await forget();
  await ageAdmitted(installation, "chat");
  const sweeper = installation.createWorker().createSweeper();
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  // Who runs it has to notice first.
  expect(await sweeper.sweep()).toBe(0);
  vi.advanceTimersByTime(LONG_MS);
  expect(await sweeper.sweep()).toBe(1);
  expect(await sweeper.sweep()).toBe(0);
  expect(await lineState(installation, "chat")).toMatchObject({ admitted: [`${jobId}.1`] });
  // Nobody has begun that one.
  await forget();
  await ageAdmitted(installation, "chat");
  expect(await sweeper.sweep()).toBe(1);
  vi.useRealTimers();
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await untilStatus(api, jobId, "completed");
  expect(await eventTypes(api, jobId)).toEqual(TAKEN_OVER);
  await queueEmpty(installation, "chat");
  await linesGone(installation);
});

test("[store.lock.renewed] a job that comes back to its worker at once, while its run before is still being put away, keeps its lock", async () => {
  const installation = createInstallation();
  const { redis } = installation;
  const api = installation.createApi();
  const error = { code: "provider_unavailable", message: "busy", retryable: true } as const;
  const isOver = Promise.withResolvers<ExecutionResult>();
  const again = new Set<string>();
  startRunner(
    installation,
    async ({ jobId, attempt }) => {
      if (attempt === 1) return { status: "failed", error, result: null };
      again.add(jobId);
      return await isOver.promise;
    },
    { concurrency: 50 },
  );
  const request = { ...CHAT_REQUEST, attempts: 2, backoff: { type: "fixed", delay_ms: 0 } } as const;
  const submissions = Array.from({ length: 40 }, () => api.submit({ tenant: TENANT, request }));
  const jobIds = (await Promise.all(submissions)).map(({ id }) => id);
  await vi.waitFor(() => expect(again.size).toBe(jobIds.length), PATIENCE_MS);
  const expiry = async (jobId: string) => await redis.pexpiretime(lockOf(installation, jobId));
  const before = await Promise.all(jobIds.map(expiry));
  const areRenewed = async () => {
    const now = await Promise.all(jobIds.map(expiry));
    expect(now.filter((expiresAt, index) => expiresAt <= (before[index] ?? 0))).toEqual([]);
  };
  await vi.waitFor(areRenewed, PATIENCE_MS);
  isOver.resolve(CHAT_DONE);
  await Promise.all(jobIds.map((jobId) => untilStatus(api, jobId, "completed")));
});

test("[store.lock.fetched] a job that was fetched keeps its lock while it waits for others to be fetched", async () => {
  const far = await startFarProxy(inject("redisUrl"), 30);
  onTestFinished(() => far.close());
  const installation = createInstallation();
  const { redis, keyPrefix } = installation;
  const api = installation.createApi();
  const submissions = Array.from({ length: 100 }, () =>
    api.submit({ tenant: TENANT, request: CHAT_REQUEST }),
  );
  const jobIds = (await Promise.all(submissions)).map(({ id }) => id);
  let begun = 0;
  const execute: Execute = () => {
    begun += 1;
    return Promise.resolve(CHAT_DONE);
  };
  startRunner(createInstallation(far.url, keyPrefix), execute, { concurrency: jobIds.length });
  // All are fetched one after the other before the first begins.
  const expiry = async (jobId: string) => await redis.pexpiretime(lockOf(installation, jobId));
  const first = await vi.waitFor(async () => {
    const expiries = await Promise.all(jobIds.map(expiry));
    const index = expiries.findIndex((expiresAt) => expiresAt > 0);
    expect(index).toBeGreaterThanOrEqual(0);
    return { jobId: jobIds[index] ?? "", expiresAt: expiries[index] ?? 0 };
  }, FAR_PATIENCE_MS);
  await vi.waitFor(
    async () => expect(await expiry(first.jobId)).toBeGreaterThan(first.expiresAt),
    FAR_PATIENCE_MS,
  );
  expect(begun).toBe(0);
  await vi.waitFor(() => expect(begun).toBe(jobIds.length), FAR_PATIENCE_MS);
});
