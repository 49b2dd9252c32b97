import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisProcess } from "@millrace/testing";
import type { JobStep } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import type { JobExecution } from "../src/run/job-execution.ts";
import { RunRefusedError } from "../src/run/run-writer.ts";
import { CHAT_DONE, claimChat, submitChat } from "./support/chat-jobs.ts";
import { FULL, never, PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const delta = (index: number): JobStep => ({ type: "text.delta", turn: 1, text: String(index) });

/** The numbers that {@link delta} wrote, and the types of all other events, in the order of the log. */
async function logged({ redis, keys }: Installation, jobId: string): Promise<(string | number)[]> {
  const stored = await redis.lrange(keys.log(jobId), 0, -1);
  return stored.map((event) => {
    const { type, text } = JSON.parse(event) as { type: string; text?: string };
    return text === undefined ? type : Number(text);
  });
}

const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index);

async function scriptCalls(redis: Redis): Promise<number> {
  const calls = (await redis.info("commandstats")).matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm);
  return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
}

test("[store.write.order] keeps the order of writes that nobody waits for, the last step after them, in few commands", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis } = installation;
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await redis.config("RESETSTAT");
  for (const index of numbers(1_000)) void run.write([delta(index)]);
  if (CHAT_DONE.status !== "completed") throw new Error("not an outcome");
  await run.finish(CHAT_DONE);
  expect(await scriptCalls(redis)).toBeLessThanOrEqual(3);
  expect(await logged(installation, jobId)).toEqual([
    "job.queued",
    "job.started",
    ...numbers(1_000),
    "job.completed",
  ]);
});

test("[store.write.refused] refuses every write after the first refusal, and whatever would end the job", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId, 1);
  await claimChat(installation, jobId, 2);
  const first = [run.write([delta(0)]), run.write([delta(1)])];
  for (const write of first) await expect(write).rejects.toThrow(RunRefusedError);
  for (const index of [2, 3]) await expect(run.write([delta(index)])).rejects.toThrow(RunRefusedError);
  void run.write([delta(4)]);
  await expect(run.park("cool_down", Date.now(), 1)).rejects.toThrow(RunRefusedError);
  await expect(run.finish({ status: "completed", result: RESULT })).rejects.toThrow(RunRefusedError);
  expect(await logged(installation, jobId)).toEqual(["job.queued", "job.started", "job.started"]);
});

test("[store.write.failed] writes nothing after what Redis has refused for good", async () => {
  const installation = createInstallation();
  const { redis } = installation;
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  vi.spyOn(redis, "millraceStep").mockRejectedValueOnce(new Error("ERR for good"));
  await expect(run.write([delta(0)])).rejects.toThrow("for good");
  await expect(run.write([delta(1)])).rejects.toThrow("for good");
  await expect(run.finish({ status: "completed", result: RESULT })).rejects.toThrow("for good");
  expect(await logged(installation, jobId)).toEqual(["job.queued", "job.started"]);
});

test("[store.write.lost] aborts an execution whose write is refused, although it does not wait for it", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const started = Promise.withResolvers<JobExecution>();
  const ended = Promise.withResolvers<unknown>();
  startRunner(installation, async (execution) => {
    started.resolve(execution);
    await once(execution.signal, "abort");
    ended.resolve(execution.signal.reason);
    throw execution.signal.reason;
  });
  const jobId = await submitChat(installation);
  const { write } = await started.promise;
  // As another worker does that has taken the job over.
  const newer = await claimChat(installation, jobId, 99);
  void write([delta(0)]);
  expect(await ended.promise).toBeInstanceOf(RunRefusedError);
  await newer.finish({ status: "completed", result: RESULT });
  expect((await api.find(TENANT, jobId))?.job).toMatchObject({ status: "completed", worker_id: "worker_99" });
});

test("[store.write.late] refuses what a run still writes after it has parked its job", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.park("cool_down", Date.now() + 60_000, 1_000);
  await expect(run.write([delta(0)])).rejects.toThrow(RunRefusedError);
  expect(await logged(installation, jobId)).toEqual(["job.queued", "job.started", "job.parked"]);
});

test("[store.write.closing] writes a job's end that Redis refuses for a while, and nothing that comes after it was asked for", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis } = installation;
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await redis.config("SET", "maxmemory", "1");
  if (CHAT_DONE.status !== "completed") throw new Error("not an outcome");
  const ended = run.finish(CHAT_DONE);
  // It waits longer each time: long enough by then for a write to come before it.
  await vi.waitFor(async () => {
    const [, count = 0] = /errorstat_OOM:count=(\d+)/.exec(await redis.info("errorstats")) ?? [];
    expect(Number(count)).toBeGreaterThanOrEqual(4);
  }, PATIENCE_MS);
  await redis.config("SET", "maxmemory", "0");
  await expect(run.write([delta(0)])).rejects.toThrow(RunRefusedError);
  await ended;
  expect(await logged(installation, jobId)).toEqual(["job.queued", "job.started", "job.completed"]);
});

test("[store.write.outage] loses and repeats nothing when Redis is killed in the middle of many writes", async () => {
  const folder = join(tmpdir(), `millrace-${randomBytes(6).toString("hex")}`);
  // With "everysec" a slow disk may hold writes back that have been answered, and a kill loses those.
  const server = await startRedisProcess({ appendOnlyFolder: folder, settings: { appendfsync: "no" } });
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const installation = createInstallation(server.url);
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  const count = FULL ? 8_000 : 800;
  const quarter = count / 4;
  let restarted = Promise.resolve();
  for (const index of numbers(count)) {
    const written = run.write([delta(index)]);
    // Most wait, so that there are many commands; some do not, so that one is always under way.
    if (index % 7 !== 0) await written;
    if (index % quarter === quarter / 2) {
      await restarted;
      restarted = server.restart();
    }
  }
  await restarted;
  await run.finish({ status: "completed", result: RESULT });
  expect(await logged(installation, jobId)).toEqual([
    "job.queued",
    "job.started",
    ...numbers(count),
    "job.completed",
  ]);
});

test("[store.write.repeated] writes a step once whose answer was lost with the connection", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis } = installation;
  const { redis: killer } = createInstallation(server.url);
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await killer.config("RESETSTAT");
  for (const index of numbers(5)) {
    const id = await redis.client("ID");
    // Redis finds both when it goes on: it writes the step, and cannot answer any more.
    await server.pause();
    const written = run.write([delta(index)]);
    const killed = killer.call("CLIENT", "KILL", "ID", id);
    server.resume();
    await Promise.all([written, killed]);
  }
  expect(await scriptCalls(killer)).toBe(10);
  expect(await logged(installation, jobId)).toEqual(["job.queued", "job.started", ...numbers(5)]);
});

/** Script calls of forty jobs besides their own eight: a ninth for each would be forty more. */
const BESIDES_MAX = 20;

test("[store.run.cost] takes a tool job from submission to its end in eight script calls, and a ninth that it shares", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const api = installation.createApi();
  startRunner(installation, () => Promise.resolve({ status: "completed", result: RESULT }), { type: "tool" });
  const runOne = () =>
    api.submitAndWait({ tenant: TENANT, request: REQUEST }, { waitMs: PATIENCE_MS, signal: never });
  for (let warm = 0; warm < 5; warm += 1) await runOne();
  const jobs = 40;
  let besides = Number.POSITIVE_INFINITY;
  // Its line is told of twenty ends together, or ten times a second, and the queues look after themselves now and then:
  // a busy machine has more of that for each job.
  for (let round = 0; round < 5 && besides > BESIDES_MAX; round += 1) {
    await installation.redis.config("RESETSTAT");
    for (let count = 0; count < jobs; count += 1) expect((await runOne()).ended).toBe(true);
    besides = Math.min(besides, (await scriptCalls(installation.redis)) - 8 * jobs);
  }
  expect(besides).toBeLessThanOrEqual(BESIDES_MAX);
});
