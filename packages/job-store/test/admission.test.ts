import { Pipeline } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { DEFAULT_LIMITS, QueueFullError } from "../src/admission/tenant-limits.ts";
import type { Execute } from "../src/run/job-execution.ts";
import { lineState, linesGone, noteStarts, submitMany, untilStarted } from "./support/line-state.ts";
import { PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

test("[store.admission.window] at most a window of a key's jobs is in BullMQ, and all run in their order", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ids = await submitMany(api, 180);
  const { line, admitted, queued } = await lineState(installation);
  expect([admitted.length, queued.length, line.length]).toEqual([100, 100, 80]);
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool", concurrency: 1 });
  await untilStarted(starts, 180);
  expect(starts).toEqual(ids);
  await queueEmpty(installation, "tool");
  await linesGone(installation);
});

test("[store.admission.interleave] the jobs of a key that comes later interleave with those that wait already", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const alice = await submitMany(api, 60);
  const bob = await submitMany(api, 3, { tenant: "bob" });
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool", concurrency: 1 });
  await untilStarted(starts, 63);
  expect(starts.slice(0, 7)).toEqual([alice[0], bob[0], alice[1], bob[1], alice[2], bob[2], alice[3]]);
});

test("[store.admission.weight] keys that have more to do than there are workers share by their weights", async () => {
  const installation = createInstallation();
  const weights: Record<string, number> = { alice: 1, bob: 2 };
  const api = installation.createApi(600, (tenant) => ({ ...DEFAULT_LIMITS, weight: weights[tenant] ?? 1 }));
  await submitMany(api, 200);
  const bob = new Set(await submitMany(api, 300, { tenant: "bob" }));
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool", concurrency: 5 });
  await untilStarted(starts, 300);
  const share = starts.slice(0, 300).filter((id) => bob.has(id)).length / 300;
  expect(share).toBeGreaterThan(0.58);
  expect(share).toBeLessThan(0.75);
});

test("[store.admission.max_running] no more of a key's jobs run at a time than its cap, and others' do", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, (tenant) => ({
    ...DEFAULT_LIMITS,
    maxRunning: tenant === TENANT ? 3 : null,
  }));
  const alice = new Set(await submitMany(api, 30));
  const bob = await submitMany(api, 5, { tenant: "bob" });
  const release = Promise.withResolvers<void>();
  const starts: string[] = [];
  let [running, most] = [0, 0];
  const execute: Execute = async ({ jobId }) => {
    starts.push(jobId);
    if (!alice.has(jobId)) return DONE;
    running += 1;
    most = Math.max(most, running);
    await release.promise;
    // A turn of the event loop, in which another one might start.
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return DONE;
  };
  startRunner(installation, execute, { type: "tool", concurrency: 20 });
  await untilStarted(starts, 8);
  expect(starts.filter((id) => alice.has(id))).toHaveLength(3);
  expect(bob.every((id) => starts.includes(id))).toBe(true);
  expect(await api.usage.ofTenant(TENANT)).toEqual({ queued: 27, running: 3 });
  release.resolve();
  await untilStarted(starts, 35);
  expect(most).toBe(3);
  await linesGone(installation);
});

test("[store.admission.max_running.full] a place of a key at its cap that becomes free is taken at once", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 8 }));
  await submitMany(api, 9);
  const ends: (() => void)[] = [];
  const execute: Execute = () => new Promise((resolve) => ends.push(() => resolve(DONE)));
  startRunner(installation, execute, { type: "tool", concurrency: 20 });
  await vi.waitFor(() => expect(ends).toHaveLength(8), PATIENCE_MS);
  ends[0]?.();
  await vi.waitFor(() => expect(ends).toHaveLength(9), PATIENCE_MS);
  for (const end of ends) end();
  await linesGone(installation);
});

test("[store.admission.max_running.slow] jobs that come one after the other, seconds apart, are held to the cap too", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 1 }));
  const clock = vi.spyOn(performance, "now");
  onTestFinished(() => clock.mockRestore());
  for (let seconds = 0; seconds < 20; seconds += 2) {
    clock.mockReturnValue(seconds * 1_000);
    await submitMany(api, 1);
  }
  clock.mockRestore();
  expect((await lineState(installation)).admitted).toHaveLength(1);
});

test("[store.admission.max_queued] a key at its cap is refused, and nothing of the refused jobs is left", async () => {
  const installation = createInstallation();
  const { redis, keys, keyPrefix } = installation;
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxQueued: 5 }));
  const submit = (tenant: string) =>
    api.submit({ tenant, request: { ...REQUEST, queue_timeout_ms: 60_000 } });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => submit(TENANT)));
  const errors = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  expect(errors).toHaveLength(3);
  expect(errors.every((error) => error instanceof QueueFullError && error.maxQueued === 5)).toBe(true);
  expect(await redis.zcard(keys.index(TENANT))).toBe(5);
  expect(await redis.zcard(keys.queueDeadlines)).toBe(5);
  expect(await redis.keys(`${keyPrefix}:{job_*}`)).toHaveLength(5);
  await submit("bob");
  await vi.waitFor(async () => expect(await redis.exists(keys.submissions)).toBe(0), PATIENCE_MS);
  // When some have ended there is room again.
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool" });
  await untilStarted(starts, 6);
  await linesGone(installation);
  await submit(TENANT);
});

test("[store.admission.max_queued.delayed] delayed jobs count for the cap", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxQueued: 2 }));
  const request = { ...REQUEST, delay_ms: 600_000 };
  const [delayed = ""] = await submitMany(api, 2, { request });
  await expect(api.submit({ tenant: TENANT, request: REQUEST })).rejects.toThrow(QueueFullError);
  await api.cancel(TENANT, delayed);
  await api.submit({ tenant: TENANT, request: REQUEST });
});

test("[store.admission.max_queued.key] a refused job's idempotency key is free again, also for another request", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxQueued: 1 }));
  const [first = ""] = await submitMany(api, 1);
  const submit = async (text: string) => {
    const taken = await api.keyed.take({ tenant: TENANT, request: { ...REQUEST, arguments: { text } } }, "k");
    return "newJob" in taken && (await api.submit(taken.newJob));
  };
  await expect(submit("hello")).rejects.toThrow(QueueFullError);
  await expect(submit("other")).rejects.toThrow(QueueFullError);
  await api.cancel(TENANT, first);
  expect(await submit("hello")).toMatchObject({ status: "queued" });
});

test("[store.admission.at_once] a key well below its window costs no round trip more", async () => {
  const installation = createInstallation();
  const { keys } = installation;
  const api = installation.createApi();
  const [first = ""] = await submitMany(api, 1);
  const { execute } = noteStarts();
  startRunner(installation, execute, { type: "tool" });
  await untilStatus(api, first, "completed");
  const sent = vi.spyOn(Pipeline.prototype, "sendCommand");
  const ids = await submitMany(api, 40);
  for (let more = 0; more < 5; more += 1) ids.push(...(await submitMany(api, 1)));
  const commands = sent.mock.calls.map(([{ args }], call) => ({
    args,
    pipeline: sent.mock.contexts[call],
  }));
  sent.mockRestore();
  const those = (key: string): Set<unknown> =>
    new Set(commands.filter(({ args }) => args.includes(key)).map(({ pipeline }) => pipeline));
  const asking = those(keys.line("tool", TENANT).line);
  const adding = those(`${keys.queuePrefix("tool")}:tool:prioritized`);
  expect(adding.size).toBeGreaterThanOrEqual(6);
  expect([...adding].filter((pipeline) => !asking.has(pipeline))).toEqual([]);
  for (const id of ids) await untilStatus(api, id, "completed");
});

test("[store.admission.cancel] a job that is cancelled in line, or fails there for its queue timeout, leaves it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  await submitMany(api, 100);
  const [cancelled = "", kept = ""] = await submitMany(api, 2);
  const overdue = await api.submit({ tenant: TENANT, request: { ...REQUEST, queue_timeout_ms: 600_000 } });
  expect((await lineState(installation)).line).toEqual([cancelled, kept, overdue.id]);
  await api.cancel(TENANT, cancelled);
  // As if its time were over.
  await redis.hset(keys.record(overdue.id), "queue_deadline", Date.now() - 1);
  await redis.zadd(keys.queueDeadlines, Date.now() - 1, overdue.id);
  await installation.createWorker().createSweeper().sweep();
  expect((await lineState(installation)).line).toEqual([kept]);
  expect((await api.find(TENANT, overdue.id))?.job.error?.code).toBe("queue_timeout");
});

test("[store.admission.cancel.feed] cancelling what is admitted lets others of the key in", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  // Their line hears of some together, and lets others in when a quarter of its window is free: more than wait.
  const ids = await submitMany(api, 110);
  await Promise.all(ids.slice(0, 60).map((id) => api.cancel(TENANT, id)));
  const { line, admitted, queued } = await lineState(installation);
  expect([line.length, admitted.length]).toEqual([0, 50]);
  expect(queued.toSorted()).toEqual(ids.slice(60));
});

test("[store.admission.retry] a retried job waits in line like a new one, as its new generation", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const [first = ""] = await submitMany(api, 130);
  await api.cancel(TENANT, first);
  const answer = await api.retries.retry(TENANT, first, "journal");
  expect(answer?.outcome).toBe("reopened");
  expect((await lineState(installation)).line.at(-1)).toBe(`${first}.1`);
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool" });
  await untilStarted(starts, 130);
  expect(starts.filter((id) => id === first)).toHaveLength(1);
  await linesGone(installation);
});

test("[store.admission.usage] what waits and what runs is counted, of a key and of all", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  await submitMany(api, 130);
  await submitMany(api, 2, { tenant: "bob", request: { ...REQUEST, delay_ms: 600_000 } });
  expect(await api.usage.ofTenant(TENANT)).toEqual({ queued: 130, running: 0 });
  expect(await api.usage.ofTenant("bob")).toEqual({ queued: 2, running: 0 });
  expect(await api.usage.ofTenant("nobody")).toEqual({ queued: 0, running: 0 });
  expect((await api.usage.waiting("tool")).count).toBe(130);
  expect((await api.usage.waiting("tool")).oldestAgeMs).toBeGreaterThan(0);
  expect(await api.usage.waiting("chat")).toEqual({ count: 0, delayed: 0, parked: 0, oldestAgeMs: null });
});
