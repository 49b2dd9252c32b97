import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { expect, test, vi } from "vitest";
import { Admission } from "../src/admission/admission.ts";
import { batchJobId } from "../src/batches/batch-id.ts";
import type { LineName } from "../src/admission/line-name.ts";
import { FleetCapacity } from "../src/admission/fleet-capacity.ts";
import type { Execute } from "../src/run/job-execution.ts";
import { JobQueues } from "../src/job-queues.ts";
import { ageAdmitted, lineState, linesGone, noteTaken, submitMany } from "./support/line-state.ts";
import { never, PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  silentLogger,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;
const LINE: LineName = { tenant: TENANT, type: "tool" };
const CUT_OFF = Date.now() - 120_000;

/** Admits and dies before BullMQ hears of it: what is to be added is lost. */
function createLosingAdmission({ redis, keys, onRelease }: Installation): Admission {
  class LosingQueues extends JobQueues {
    override add(): Promise<void> {
      return Promise.resolve();
    }
  }
  // It sees more room than others, so that it always finds jobs to admit.
  class WideCapacity extends FleetCapacity {
    override room(): number {
      return 130;
    }
  }
  const queues = new LosingQueues(redis, keys, silentLogger);
  onRelease(() => queues.close());
  return new Admission({ redis, keys, queues, capacity: new WideCapacity(redis, keys) });
}

function noteStarts(): { starts: string[]; execute: Execute } {
  const starts: string[] = [];
  const execute: Execute = ({ jobId }) => {
    starts.push(jobId);
    return Promise.resolve(DONE);
  };
  return { starts, execute };
}

test("[store.cut.admit] an admitted job that died on its way into BullMQ is put there by the sweeper, once", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const [id = "", other = ""] = await submitMany(api, 2);
  await redis.zrem(`${keys.queuePrefix("tool")}:tool:prioritized`, id);
  await redis.del(`${keys.queuePrefix("tool")}:tool:${id}`);
  const sweeper = installation.createWorker().createSweeper();
  // Whoever admits a job adds it a little later: nobody else does so at once.
  expect(await sweeper.sweep()).toBe(0);
  await ageAdmitted(installation);
  expect(await sweeper.sweep()).toBe(1);
  expect(await sweeper.sweep()).toBe(0);
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool" });
  await untilStatus(api, id, "completed");
  await untilStatus(api, other, "completed");
  expect(starts.toSorted()).toEqual([id, other]);
});

test("[store.cut.leave] a worker that dies before the line hears of its jobs' ends holds nobody up", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 2 }));
  const ids = await submitMany(api, 4);
  const { admitted } = await lineState(installation);
  // They have ended, their entries have gone, and nobody has told the line.
  for (const id of admitted) {
    await redis.hset(keys.record(id), "status", "completed");
    await redis.zrem(`${keys.queuePrefix("tool")}:tool:prioritized`, id);
    await redis.del(`${keys.queuePrefix("tool")}:tool:${id}`);
  }
  await ageAdmitted(installation);
  await installation.createWorker().createSweeper().sweep();
  expect((await lineState(installation)).queued).toEqual(ids.filter((id) => !admitted.includes(id)));
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool" });
  await linesGone(installation);
  expect(starts).toHaveLength(2);
});

test("[store.cut.feed] a line that nobody feeds any more is fed by the sweeper", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const ids = await submitMany(api, 130);
  const { admitted } = keys.line("tool", TENANT);
  // As if the worker that ran the first hundred had died after the line had heard of them.
  for (const id of await redis.zrange(admitted, "0", "-1")) {
    await redis.zrem(admitted, id);
    await redis.hset(keys.record(id), "status", "completed");
  }
  await installation.createWorker().createSweeper().sweep();
  const after = await lineState(installation);
  expect(after.line).toEqual([]);
  expect(after.admitted).toEqual(ids.slice(100));
});

test("[store.cut.feeds] jobs run once each, although feeds die on their way again and again", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ids = await submitMany(api, 250);
  const losing = createLosingAdmission(installation);
  await losing.leave(LINE, { gone: [] }, "all");
  const { starts, execute } = noteStarts();
  const runner = startRunner(installation, execute, { type: "tool", concurrency: 5 });
  const sweeper = installation.createWorker().createSweeper();
  let healed = 0;
  const untilSwept = (count: number) =>
    vi.waitFor(async () => {
      await ageAdmitted(installation);
      healed += await sweeper.sweep();
      expect(starts.length).toBeGreaterThanOrEqual(count);
    }, PATIENCE_MS);
  for (let cut = 1; cut <= 11; cut += 1) {
    await losing.leave(LINE, { gone: [] }, "all");
    await untilSwept(cut * 15);
  }
  await untilSwept(ids.length);
  expect(healed).toBeGreaterThanOrEqual(30);
  await queueEmpty(installation, "tool");
  expect(starts.toSorted()).toEqual(ids.toSorted());
  await runner.close(1_000);
  // What the sweeper was told between a job's start and its end is told once more.
  await ageAdmitted(installation);
  await sweeper.sweep();
  await linesGone(installation);
});

test("[store.cut.submission_line] a submission that died before its line is let in by the sweeper", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const request = { ...REQUEST, queue_timeout_ms: 600_000 };
  const [id = ""] = await submitMany(api, 1, { request });
  await noteTaken(installation);
  await redis.del(...(await redis.keys(`{${installation.keyPrefix}:tool}*`)));
  await redis.del(...(await redis.keys(`${keys.line("tool", TENANT).line}*`)));
  const deadlines = await redis.zrange(keys.queueDeadlines, "0", "-1", "WITHSCORES");
  expect(await redis.del(keys.index(TENANT), keys.queueDeadlines)).toBe(2);
  await redis.zadd(keys.submissions, CUT_OFF, id);
  expect(await installation.createWorker().createSweeper().sweep()).toBe(1);
  expect((await lineState(installation)).queued).toEqual([id]);
  expect(await redis.zrange(keys.index(TENANT), "0", "-1")).toEqual([id]);
  expect(await redis.zrange(keys.queueDeadlines, "0", "-1", "WITHSCORES")).toEqual(deadlines);
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, id, "completed");
});

test("[store.cut.submission_gate] lines of a batch that died before their line wait at the batch's gate", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { batches } = installation.createApi();
  const options = { concurrency: 1 };
  const upload = await batches.open({ tenant: TENANT, options, idempotencyKey: null, signal: never });
  const newJob = { tenant: TENANT, request: REQUEST };
  const job = { newJob, customId: null, ...options };
  await upload.write([1, 2, 3].map((line) => ({ line, content: Buffer.from(`${line}`), job })));
  await upload.close("complete");
  await noteTaken(installation);
  await redis.del(...(await redis.keys(`{${installation.keyPrefix}:tool}*`)));
  await redis.del(...(await redis.keys(`${keys.line("tool", TENANT).line}*`)));
  const ids = [1, 2, 3].map((line) => batchJobId(upload.batchId, line));
  for (const id of ids) await redis.zadd(keys.submissions, CUT_OFF, id);
  expect(await installation.createWorker().createSweeper().sweep()).toBe(ids.length);
  expect((await lineState(installation)).queued).toHaveLength(1);
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await linesGone(installation);
});

test("[store.cut.submission_cap] one that comes again, when its key is at its cap meanwhile, is not forgotten", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxQueued: 1 }));
  const taken = await api.keyed.take({ tenant: TENANT, request: REQUEST }, "key");
  if (!("newJob" in taken)) throw new Error("the key was taken");
  const { id } = await api.submit(taken.newJob);
  await noteTaken(installation);
  await redis.del(...(await redis.keys(`{${installation.keyPrefix}:tool}*`)));
  await redis.del(...(await redis.keys(`${keys.line("tool", TENANT).line}*`)));
  await submitMany(api, 1);
  await noteTaken(installation);
  await api.submit(taken.newJob);
  await submitMany(api, 1, { tenant: "bob" });
  await noteTaken(installation, [id]);
  await redis.zadd(keys.submissions, "XX", CUT_OFF, id);
  expect(await installation.createWorker().createSweeper().sweep()).toBe(1);
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, id, "completed");
});

test("[store.cut.delayed] a delayed job whose submission died before its wait began waits all the same", async () => {
  const installation = createInstallation();
  const { redis, keys, keyPrefix } = installation;
  const api = installation.createApi();
  const [id = ""] = await submitMany(api, 1, { request: { ...REQUEST, delay_ms: 600_000 } });
  await noteTaken(installation);
  await redis.del(...(await redis.keys(`{${keyPrefix}:due}*`)));
  await redis.zadd(keys.submissions, CUT_OFF, id);
  expect(await installation.createWorker().createSweeper().sweep()).toBe(1);
  const due = await redis.zrange(`${keys.queuePrefix("due")}:due:delayed`, "0", "-1");
  expect(due).toEqual([id]);
  expect(await lineState(installation)).toMatchObject({ later: [id], admitted: [], line: [] });
});

test("[store.admission.starved] a key whose jobs wait behind those of others for long gets on", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const ids = await submitMany(api, 20);
  await ageAdmitted(installation);
  const prioritized = `${keys.queuePrefix("tool")}:tool:prioritized`;
  for (const id of ids) await redis.zincrby(prioritized, 2 ** 32 * 40, id);
  await submitMany(api, 20, { tenant: "bob" });
  expect(await redis.zrank(prioritized, ids[0] ?? "")).toBe(20);
  await installation.createWorker().createSweeper().sweep();
  expect(await redis.zrank(prioritized, ids[0] ?? "")).toBeLessThan(2);
  expect(await redis.zrank(prioritized, ids[1] ?? "")).toBe(21);
});
