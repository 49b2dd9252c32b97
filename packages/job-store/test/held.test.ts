import { getEventListeners, once } from "node:events";
import { expect, test, vi } from "vitest";
import { RunRefusedError } from "../src/run/run-writer.ts";
import type { Execute, JobExecution } from "../src/run/job-execution.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat, submitChat } from "./support/chat-jobs.ts";
import { NOTHING } from "./support/executors.ts";
import { submitMany } from "./support/line-state.ts";
import { PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

/** Longer than any test: a worker that waited for it would be told by the test's own time limit. */
const DRAIN_MS = 600_000;

test("[store.unknown.held] a run that died while it waited has begun nothing, one that had gone on may have", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, timeout_ms: 60_000 });
  const first = await claimChat(installation, jobId, 1);
  await first.hold(null);
  const second = await claimChat(installation, jobId, 2);
  expect(second.claimed.isUnknown).toBe(false);
  await second.hold(null);
  await second.release(5_000);
  const third = await claimChat(installation, jobId, 3);
  expect(third.claimed.isUnknown).toBe(true);
  // Its time stood still.
  expect(third.claimed.remainingMs).toBeGreaterThan(60_000);
});

test("[store.unknown.held.claim] a run that was claimed as held is known not to have begun until it says so", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  const claimHeld = (run: number) => claimChat(installation, jobId, run, CHAT_REQUEST, { isHeld: true });
  await claimHeld(1);
  const second = await claimHeld(2);
  expect(second.claimed.isUnknown).toBe(false);
  await second.release(0);
  expect((await claimHeld(3)).claimed.isUnknown).toBe(true);
  // What the second may have done is not made known by the third's waiting.
  expect((await claimHeld(4)).claimed.isUnknown).toBe(true);
});

/** As if the job had waited for longer than its whole time. */
async function passDeadline({ redis, keys }: Installation, jobId: string): Promise<void> {
  await redis.hset(keys.record(jobId), "deadline", 1);
}

test("[store.held.time] a job that waited for a place when its worker drained goes on with the time that it had left", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const leaving = startRunner(installation, async ({ signal, waiting }) => {
    waiting("server");
    waiting("place");
    await once(signal, "abort");
    return { status: "stopped", cancellation: NOTHING };
  });
  const jobId = await submitChat(installation);
  const left = () => redis.hget(keys.record(jobId), "left_ms");
  await vi.waitFor(async () => expect(Number(await left())).toBeGreaterThan(0), PATIENCE_MS);
  await passDeadline(installation, jobId);
  await leaving.close(DRAIN_MS);
  startRunner(installation, async ({ running, signal }) => {
    signal.throwIfAborted();
    await running();
    return CHAT_DONE;
  });
  await untilStatus(api, jobId, "completed");
});

test("[store.held.time] the time of a run stands still from its claim as held until its release, and only then", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, timeout_ms: 60_000 });
  const claimHeld = (run: number) => claimChat(installation, jobId, run, CHAT_REQUEST, { isHeld: true });
  await claimHeld(1);
  await passDeadline(installation, jobId);
  const second = await claimHeld(2);
  expect(second.claimed.remainingMs).toBe(60_000);
  await second.release(0);
  await passDeadline(installation, jobId);
  const third = await claimHeld(3);
  expect(third).toMatchObject({ claimed: { isUnknown: true } });
  expect(third.claimed.remainingMs).toBeLessThanOrEqual(0);
  await third.hold(5_000);
  expect(await claimHeld(4)).toMatchObject({ claimed: { isUnknown: true, remainingMs: 5_000 } });
});

test("[store.held.time] the time of a run that may have begun before goes on when it need not wait any more", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  const leftMs: (string | null)[] = [];
  const left = async () => leftMs.push(await redis.hget(keys.record(jobId), "left_ms"));
  startRunner(installation, async ({ lostAnswer, waiting, running, write }) => {
    lostAnswer();
    waiting("place");
    await write([]);
    await left();
    await running();
    await left();
    return CHAT_DONE;
  });
  await untilStatus(installation.createApi(), jobId, "completed");
  expect(leftMs).toEqual([expect.stringMatching(/^\d+$/), ""]);
});

test("[store.unknown.held.before] a run that waits does not hide what a run before it may have begun", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await claimChat(installation, jobId, 1);
  await claimChat(installation, jobId, 2);
  const { redis, keys } = installation;
  // As if these two had been starts of the queue's entry.
  await redis.hset(keys.record(jobId), "run", 0);
  const seen: boolean[] = [];
  const leaving = startRunner(installation, async ({ isUnknown, waiting, signal }) => {
    seen.push(isUnknown);
    waiting("server");
    if (!signal.aborted) await once(signal, "abort");
    return { status: "stopped", cancellation: NOTHING };
  });
  await untilStatus(api, jobId, "running");
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1);
  await leaving.close(DRAIN_MS);
  expect(seen).toEqual([true]);
  expect(await redis.hget(keys.record(jobId), "idle_run")).toBeNull();
});

test("[store.held.burst] of the jobs that a worker takes at once, few leave it open whether they have begun", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const executions = new Map<string, JobExecution>();
  const execute: Execute = async (execution) => {
    executions.set(execution.jobId, execution);
    if (!execution.signal.aborted) await once(execution.signal, "abort");
    return { status: "stopped", cancellation: NOTHING };
  };
  startRunner(installation, execute, { type: "tool", concurrency: 30 });
  /** Submits jobs; returns those that would count as unknown if their worker died now. */
  const takenOpen = async (count: number): Promise<string[]> => {
    const ids = await submitMany(api, count);
    await vi.waitFor(() => expect(ids.every((id) => executions.has(id))).toBe(true), PATIENCE_MS);
    return await unsettled(installation, ids);
  };
  const open = await takenOpen(22);
  expect(open).toHaveLength(20);
  const [held = ""] = [...executions.keys()].filter((id) => !open.includes(id));
  for (const id of open) await executions.get(id)?.running();
  const [waiting = "", ...others] = await takenOpen(2);
  expect(others).toHaveLength(1);
  // Where one waits, the next ones are likely to wait as well.
  executions.get(waiting)?.waiting("place");
  expect(await takenOpen(1)).toEqual([]);
  await vi.waitFor(async () => expect(await unsettled(installation, [waiting])).toEqual([]), PATIENCE_MS);
  await executions.get(waiting)?.running();
  expect(await takenOpen(1)).toHaveLength(1);
  // One that was claimed as held says so before it begins.
  expect(await unsettled(installation, [held])).toEqual([]);
  await executions.get(held)?.running();
  expect(await unsettled(installation, [held])).toEqual([held]);
});

test("[store.held.late] a run that has stalled since its claim begins nothing when another has taken its job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const { redis, keys } = installation;
  const ended = Promise.withResolvers<unknown>();
  startRunner(installation, async ({ jobId, running }) => {
    // As after a stop of a few seconds.
    const stalled = performance.now() + 9_000;
    await redis.hincrby(keys.record(jobId), "run", 1);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => stalled);
    await running().then(ended.resolve, ended.resolve);
    clock.mockRestore();
    return CHAT_DONE;
  });
  const jobId = await submitChat(installation);
  expect(await ended.promise).toBeInstanceOf(RunRefusedError);
  expect((await api.find(TENANT, jobId))?.job.status).toBe("running");
});

test("[store.held.lost] a run that has to wait stops when another has taken its job", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const reason = Promise.withResolvers<unknown>();
  startRunner(installation, async ({ jobId, waiting, signal }) => {
    await redis.hincrby(keys.record(jobId), "run", 1);
    waiting("server");
    await once(signal, "abort");
    reason.resolve(signal.reason);
    throw signal.reason;
  });
  await submitChat(installation);
  expect(await reason.promise).toBeInstanceOf(RunRefusedError);
});

test("[store.held.leaks] a worker keeps nothing of runs that have ended", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const listeners: number[] = [];
  startRunner(installation, ({ draining }) => {
    listeners.push(getEventListeners(draining, "abort").length);
    return Promise.resolve(CHAT_DONE);
  });
  for (let count = 0; count < 3; count += 1) {
    await untilStatus(api, await submitChat(installation), "completed");
  }
  expect(new Set(listeners).size).toBe(1);
});

test("[store.held.cost] a job that need not wait writes nothing for it", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const steps = await stepsOf(installation, async ({ running }) => {
    await running();
    return CHAT_DONE;
  });
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "completed");
  // The end.
  expect(await steps()).toBe(1);
});

/** Of these jobs, those whose record does not say that their run has begun nothing. */
async function unsettled({ redis, keys }: Installation, jobIds: readonly string[]): Promise<string[]> {
  const marks = await Promise.all(jobIds.map((id) => redis.hmget(keys.record(id), "run", "idle_run")));
  return jobIds.filter((_, index) => marks[index]?.[0] !== marks[index]?.[1]);
}

/** Runs jobs, and counts the steps that they have written. */
async function stepsOf(
  installation: Installation,
  execute: Parameters<typeof startRunner>[1],
): Promise<() => Promise<number>> {
  const { redis, keys } = installation;
  const ids: string[] = [];
  startRunner(installation, (execution) => {
    ids.push(execution.jobId);
    return execute(execution);
  });
  return async () => Number(await redis.hget(keys.record(ids[0] ?? ""), "sequence"));
}
