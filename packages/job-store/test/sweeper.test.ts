import { expect, onTestFinished, test, vi } from "vitest";
import { JobQueues } from "../src/job-queues.ts";
import type { Logger } from "../src/logger.ts";
import { submitChat } from "./support/chat-jobs.ts";
import { ageAdmitted, lineState } from "./support/line-state.ts";
import { PATIENCE_MS, untilStatus } from "./support/run-jobs.ts";
import { NEVER_SOON, put } from "./support/schedules.ts";
import {
  createInstallation,
  REQUEST,
  silentLogger,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";
import { submitJob } from "./support/webhooks.ts";

/** As many as a repair looks at in one sweep, at least. */
const MANY = 500;
const FAILED = "A repair failed; trying again";
const MINUTE_MS = 60_000;
const LONG_AGO = Date.now() - 120_000;

/** Jobs that no repair can look at, noted in a sorted set. */
async function breakMany({ redis, keys }: Installation, notes: string): Promise<string[]> {
  const ids = Array.from({ length: MANY }, (_, index) => `job_0${String(index).padStart(25, "0")}`);
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.set(keys.record(id), "broken").zadd(notes, LONG_AGO, id);
  await pipeline.exec();
  return ids;
}

/** A worker's sweeper, and what it says. */
function createHeardSweeper(installation: Installation) {
  const [warn, info] = [vi.fn<Logger["warn"]>(), vi.fn<Logger["info"]>()];
  const worker = installation.createWorker({ logger: { ...silentLogger, warn, info } });
  return { sweeper: worker.createSweeper(), warn, info };
}

test("[store.sweep.isolated] a repair that fails is named in the log, and the others are made", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  // Nothing that can be gone through.
  await redis.set(keys.queueDeadlines, "broken");
  const { sweeper, warn } = createHeardSweeper(installation);
  expect(await sweeper.sweep()).toBe(0);
  expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ status: "pending" }]);
  expect(warn).toHaveBeenCalledWith(
    { repair: "queue timeouts", reason: expect.stringContaining("WRONGTYPE") as string },
    FAILED,
  );
});

test("[store.sweep.news] a repair that goes on failing is told of once a minute or when the reason changes, and so is that it works again", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { sweeper, warn, info } = createHeardSweeper(installation);
  const told = async (): Promise<string[]> => {
    await sweeper.sweep();
    const calls = [...warn.mock.calls.splice(0), ...info.mock.calls.splice(0)];
    return calls.flatMap(([fields, message]) => ("repair" in fields ? [message] : []));
  };
  const { id } = await installation
    .createApi()
    .submit({ tenant: TENANT, request: { ...REQUEST, queue_timeout_ms: 1 } });
  await redis.rename(keys.queueDeadlines, `${keys.queueDeadlines}:kept`);
  await redis.set(keys.queueDeadlines, "broken");
  expect(await told()).toEqual([FAILED]);
  expect(await told()).toEqual([]);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(await told()).toEqual([FAILED]);
  expect(await told()).toEqual([]);
  // Another reason: the deadlines can be read, and a job cannot be ended.
  await redis.rename(`${keys.queueDeadlines}:kept`, keys.queueDeadlines);
  await redis.set(keys.log(id), "broken");
  expect(await told()).toEqual([FAILED]);
  expect(await told()).toEqual([]);
  // That it works once may be luck.
  await redis.del(keys.log(id), keys.record(id));
  expect(await told()).toEqual([]);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(await told()).toEqual(["A repair works again"]);
  expect(await told()).toEqual([]);
});

test("[store.sweep.isolated.line] a line that cannot be looked after holds up none of the others", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  // As if a failover had lost it.
  const queue = `${keys.queuePrefix("chat")}:chat`;
  await Promise.all([redis.zrem(`${queue}:prioritized`, jobId), redis.del(`${queue}:${jobId}`)]);
  await ageAdmitted(installation, "chat");
  // The tool jobs of a key are looked at before its chats.
  await redis.set(keys.line("tool", TENANT).admitted, "broken");
  const sweeper = installation.createWorker().createSweeper();
  await sweeper.sweep();
  await sweeper.sweep();
  expect((await lineState(installation, "chat")).queued).toEqual([jobId]);
});

test("[store.sweep.order] that a starved job cannot be put before others is told, and that it is gone is not", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  await ageAdmitted(installation, "chat");
  const { sweeper, warn } = createHeardSweeper(installation);
  const queue = `${keys.queuePrefix("chat")}:chat`;
  const told = expect.objectContaining({ repair: "lines" }) as object;
  // It was there a moment ago.
  const look = vi.spyOn(JobQueues.prototype, "look").mockResolvedValueOnce(["waiting"]);
  onTestFinished(() => look.mockRestore());
  await redis.rename(`${queue}:${jobId}`, `${queue}:kept`);
  await sweeper.sweep();
  expect(look).toHaveBeenCalledOnce();
  expect(warn).not.toHaveBeenCalledWith(told, FAILED);
  await redis.rename(`${queue}:kept`, `${queue}:${jobId}`);
  await redis.del(`${queue}:meta`);
  await redis.set(`${queue}:meta`, "broken");
  await sweeper.sweep();
  expect(warn).toHaveBeenCalledWith(told, FAILED);
});

test("[store.sweep.isolated.submission] submissions that cannot be completed, however many, hold up none of the others", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  // The api takes the note back a little later.
  await vi.waitFor(async () => expect(await redis.exists(keys.submissions)).toBe(0), PATIENCE_MS);
  const queue = `${keys.queuePrefix("chat")}:chat`;
  await redis.del(`${queue}:prioritized`, `${queue}:${jobId}`);
  const broken = await breakMany(installation, keys.submissions);
  await redis.zadd(keys.submissions, LONG_AGO + 1, jobId);
  const sweeper = installation.createWorker().createSweeper();
  await sweeper.sweep();
  expect(await sweeper.sweep()).toBe(1);
  expect((await lineState(installation, "chat")).queued).toEqual([jobId]);
  expect(await redis.zcard(keys.submissions)).toBe(broken.length);
});

test("[store.sweep.isolated.timeout] an overdue job that cannot be failed holds up none of the others", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const request = { ...REQUEST, queue_timeout_ms: 1 };
  const submit = async () => (await api.submit({ tenant: TENANT, request })).id;
  const [broken, overdue] = [await submit(), await submit()];
  await redis.set(keys.log(broken), "broken");
  await installation.createWorker().createSweeper().sweep();
  await untilStatus(api, overdue, "failed");
  expect(await redis.zrange(keys.queueDeadlines, "0", "-1")).toEqual([broken]);
});

test("[store.sweep.isolated.timeout] overdue jobs that cannot be failed, however many, hold up none of the others", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const broken = await breakMany(installation, keys.queueDeadlines);
  const { id } = await api.submit({ tenant: TENANT, request: { ...REQUEST, queue_timeout_ms: 1 } });
  await installation.createWorker().createSweeper().sweep();
  await untilStatus(api, id, "failed");
  expect(await redis.zcard(keys.queueDeadlines)).toBe(broken.length);
});

test("[store.sweep.isolated.schedule] schedules that cannot be planned, however many, hold up none of the others", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { next_run_at: planned } = await put(api, NEVER_SOON);
  const text = (await redis.hget(keys.schedules(TENANT), "nightly")) ?? "";
  await api.schedules.delete(TENANT, "nightly");
  await redis.hset(keys.schedules(TENANT), "nightly", text);
  const notes = Array.from({ length: MANY }, (_, index) => [LONG_AGO, `broken/${index}/x`]);
  await redis.set(keys.schedules("broken"), "broken");
  await redis.zadd(keys.scheduleChanges, ...notes.flat(), LONG_AGO + 1, `${TENANT}/nightly/x`);
  const sweeper = installation.createWorker().createSweeper();
  await vi.waitFor(async () => {
    await sweeper.sweep();
    expect((await api.schedules.find(TENANT, "nightly"))?.next_run_at).toBe(planned);
  }, PATIENCE_MS);
  expect(await redis.zcard(keys.scheduleChanges)).toBe(notes.length);
});
