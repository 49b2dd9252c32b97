import { expect, test, vi } from "vitest";
import type { Gate } from "../src/admission/gate.ts";
import { DEFAULT_LIMITS, QueueFullError } from "../src/admission/tenant-limits.ts";
import type { JobStore } from "../src/job-store.ts";
import { approvalRequested } from "./support/chat-jobs.ts";
import { approve, askOnce, forApproval } from "./support/executors.ts";
import { lineState, linesGone, noteTaken, submitMany } from "./support/line-state.ts";
import { PATIENCE_MS, queueEmpty, startRunner } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

async function submitAt(gate: Gate, store: JobStore, count: number, request = REQUEST): Promise<string[]> {
  const jobs = await Promise.all(
    Array.from({ length: count }, () => store.submit({ tenant: TENANT, request, gate })),
  );
  return jobs.map(({ id }) => id);
}

test("[store.admission.gate] no more jobs of a gate than its limit are past it, and the next pass in their order", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const gated = await submitAt({ id: "batch_1", limit: 2 }, api, 12);
  const others = await submitMany(api, 3);
  const { admitted, line } = await lineState(installation);
  expect(admitted.toSorted()).toEqual([...gated.slice(0, 2), ...others].toSorted());
  expect(line).toEqual([]);
  expect(await api.usage.ofTenant(TENANT)).toEqual({ queued: 15, running: 0 });
  const starts: string[] = [];
  let [running, most] = [0, 0];
  startRunner(
    installation,
    async ({ jobId }) => {
      if (!gated.includes(jobId)) return DONE;
      starts.push(jobId);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return DONE;
    },
    { type: "tool", concurrency: 10 },
  );
  await vi.waitFor(() => expect(starts).toHaveLength(12), PATIENCE_MS);
  expect(most).toBeLessThanOrEqual(2);
  expect(starts.toSorted()).toEqual(gated);
  await queueEmpty(installation, "tool");
  await linesGone(installation);
});

test("[store.admission.gate.back] a job that comes back counts at its gate, so that no other passes before there is room", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const [first = "", second = "", third = ""] = await submitAt({ id: "batch_1", limit: 1 }, api, 3);
  const [running, released] = [new Set<string>(), new Map<string, () => void>()];
  startRunner(
    installation,
    async ({ jobId, readPast, write }) => {
      if (jobId === first && (await readPast()).length === 0) {
        await write([approvalRequested("c1")]);
        return forApproval();
      }
      running.add(jobId);
      await new Promise<void>((resolve) => void released.set(jobId, resolve));
      return DONE;
    },
    { type: "tool" },
  );
  const untilRunning = (jobId: string) =>
    vi.waitFor(() => expect(running.has(jobId)).toBe(true), PATIENCE_MS);
  const untilAdmitted = (...ids: string[]) =>
    vi.waitFor(
      async () => expect((await lineState(installation)).admitted.toSorted()).toEqual(ids),
      PATIENCE_MS,
    );
  // It lets the next pass while it waits.
  await untilRunning(second);
  await approve(api, first);
  await untilRunning(first);
  await untilAdmitted(first, second);
  released.get(second)?.();
  await untilAdmitted(first);
  released.get(first)?.();
  await untilRunning(third);
  released.get(third)?.();
  await linesGone(installation);
});

test("[store.admission.gate.back] one that is cancelled while it is away leaves nothing at its gate", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const [only = ""] = await submitAt({ id: "batch_1", limit: 1 }, api, 1);
  startRunner(installation, () => Promise.resolve(forApproval()), { type: "tool" });
  await vi.waitFor(async () => expect((await lineState(installation)).admitted).toEqual([]), PATIENCE_MS);
  await api.cancel(TENANT, only);
  await linesGone(installation);
});

test("[store.cut.gate] jobs whose ends were not told while they were away leave nothing at their gate after a sweep", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const [ended = "", gone = "", parked = ""] = await submitAt({ id: "batch_1", limit: 3 }, api, 3);
  startRunner(installation, askOnce, { type: "tool" });
  await vi.waitFor(async () => expect((await lineState(installation)).admitted).toEqual([]), PATIENCE_MS);
  // As if the process that cancelled it had died before it told the line.
  await redis.hset(keys.record(ended), "status", "cancelled");
  await redis.del(keys.record(gone));
  await installation.createWorker().createSweeper().sweep();
  expect(await redis.hkeys(keys.line("tool", TENANT).gates)).toEqual([parked]);
  await api.cancel(TENANT, parked);
  await linesGone(installation);
});

test("[store.admission.gate.again] jobs that come in again stay where they are, at their gate and past it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const ids = await submitAt({ id: "batch_1", limit: 1 }, api, 3);
  await noteTaken(installation);
  // As the sweeper does by notes that have stayed.
  await redis.zadd(keys.submissions, ...ids.flatMap((id) => [Date.now() - 10_000, id]));
  await installation.createWorker().createSweeper().sweep();
  expect(await api.usage.ofTenant(TENANT)).toEqual({ queued: 3, running: 0 });
  expect(await lineState(installation)).toMatchObject({ admitted: [ids[0]], line: [] });
});

test("[store.admission.gate.cancel] a cancel lets the next pass, at the gate and past it", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const [first = "", second = "", third = ""] = await submitAt({ id: "batch_1", limit: 1 }, api, 3);
  await api.cancel(TENANT, second);
  expect((await lineState(installation)).admitted).toEqual([first]);
  await api.cancel(TENANT, first);
  // Two of a hundred places are taken at most: the line is fed at once.
  expect((await lineState(installation)).admitted).toEqual([third]);
  await api.cancel(TENANT, third);
  await linesGone(installation);
});

test("[store.admission.gate.delayed] a delayed job passes its gate when it is due", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ids = await submitAt({ id: "batch_1", limit: 1 }, api, 3, { ...REQUEST, delay_ms: 1 });
  let [running, most, ended] = [0, 0, 0];
  startRunner(
    installation,
    async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      ended += 1;
      return DONE;
    },
    { type: "tool" },
  );
  await vi.waitFor(() => expect(ended).toBe(ids.length), PATIENCE_MS);
  expect(most).toBe(1);
  await linesGone(installation);
});

test("[store.admission.gate.cap] jobs that wait at a gate count for what their key may have", async () => {
  const api = createInstallation().createApi(600, () => ({ ...DEFAULT_LIMITS, maxQueued: 3 }));
  const gate = { id: "batch_1", limit: 1 };
  const [first = ""] = await submitAt(gate, api, 3);
  await expect(submitAt(gate, api, 1)).rejects.toThrow(QueueFullError);
  await api.cancel(TENANT, first);
  await submitAt(gate, api, 1);
});
