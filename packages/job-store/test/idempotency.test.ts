import type { JobRequest } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { IdempotencyMismatchError, IdempotencyExpiredError } from "../src/submission/idempotency.ts";
import type { JobStore } from "../src/job-store.ts";
import { DEFAULT_LIMITS, QueueFullError } from "../src/admission/tenant-limits.ts";
import { noteTaken, submitMany } from "./support/line-state.ts";
import { queueEmpty, startRunner } from "./support/run-jobs.ts";
import { createWriter } from "./support/submission-writer.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

const KEY = "order-7";

/** As the api does it: looks, takes the key, submits. */
async function send(store: JobStore, key: string, request: JobRequest = REQUEST, tenant = TENANT) {
  const before = await store.keyed.find(tenant, key, request);
  if (before) return { id: before.job.id, isNew: false };
  const taken = await store.keyed.take({ tenant, request }, key);
  if ("repeated" in taken) return { id: taken.repeated.job.id, isNew: false };
  return { id: (await store.submit(taken.newJob)).id, isNew: true };
}

test("[store.idempotency] one key makes one job, for the same tenant and request", async () => {
  const installation = createInstallation();
  const [api, other] = [installation.createApi(), installation.createApi()];
  const first = await send(api, KEY);
  expect(first.isNew).toBe(true);
  expect(await send(other, KEY)).toEqual({ id: first.id, isNew: false });
  const reordered = { arguments: { text: "hello" }, tool: "echo", server: "fixture", type: "tool" } as const;
  expect(await send(api, KEY, reordered)).toEqual({ id: first.id, isNew: false });

  const another = { ...REQUEST, arguments: { text: "other" } };
  await expect(send(api, KEY, another)).rejects.toThrow(IdempotencyMismatchError);
  await expect(api.keyed.take({ tenant: TENANT, request: another }, KEY)).rejects.toThrow(
    IdempotencyMismatchError,
  );
  expect((await send(api, "order-8")).id).not.toBe(first.id);
  expect((await send(api, KEY, another, "bob")).isNew).toBe(true);
});

test("[store.idempotency.concurrent] requests that come at the same time make one job, written once", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const apis = [installation.createApi(), installation.createApi()];
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, index) => send(apis[index % 2] as JobStore, KEY)),
  );
  const [id = ""] = new Set(sent.map((answer) => answer.id));
  expect(new Set(sent.map((answer) => answer.id)).size).toBe(1);
  expect(sent.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await redis.llen(keys.log(id))).toBe(1);
  expect(await redis.zcard(`${keys.queuePrefix("tool")}:tool:prioritized`)).toBe(1);
});

test("[store.idempotency.cut] a repeat completes, under the same id, what died between the key and the job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const taken = await api.keyed.take({ tenant: TENANT, request: REQUEST }, KEY);
  if (!("newJob" in taken)) throw new Error("the key was taken");
  // Here the api dies: the key is there, the job is not.
  let runs = 0;
  startRunner(
    installation,
    () => Promise.resolve({ status: "completed", result: { ...RESULT, execution_time_ms: (runs += 1) } }),
    { type: "tool" },
  );
  const repeat = await send(installation.createApi(), KEY);
  expect(repeat).toEqual({ id: taken.newJob.jobId, isNew: false });
  await vi.waitFor(async () => {
    expect((await api.find(TENANT, repeat.id))?.job.status).toBe("completed");
  }, 20_000);
  // It was not dead, only slow: what it writes now changes nothing.
  await api.submit(taken.newJob);
  await queueEmpty(installation, "tool");
  expect(runs).toBe(1);
  expect((await api.readLog(repeat.id, 0, 10)).map(({ type }) => type)).toEqual([
    "job.queued",
    "job.started",
    "job.completed",
  ]);
});

test("[store.idempotency.expired] a key whose job has been deleted after its retention makes no second job", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id } = await send(api, KEY);
  await redis.del(keys.record(id), keys.log(id));
  await expect(send(api, KEY)).rejects.toThrow(IdempotencyExpiredError);
});

test("[store.idempotency.lifetime] a key lives as long as the retention of its job, and a day at least", async () => {
  const installation = createInstallation();
  const { redis, keyPrefix } = installation;
  const api = installation.createApi(60);
  await send(api, "short");
  const [short = ""] = await redis.keys(`${keyPrefix}:idempotency:*`);
  expect(await redis.ttl(short)).toBeGreaterThan(86_300);
  expect(await redis.ttl(short)).toBeLessThanOrEqual(86_400);
  await send(api, "long", { ...REQUEST, retention_seconds: 200_000 });
  const long = (await redis.keys(`${keyPrefix}:idempotency:*`)).find((name) => name !== short) ?? "";
  expect(await redis.ttl(long)).toBeGreaterThan(199_000);
});

test("[store.sweep.repeat] the sweeper does not delete a job that a repeat has written meanwhile", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { id } = await installation.createApi().submit({ tenant: TENANT, request: REQUEST });
  expect(await redis.millraceDeletePartial(keys.record(id), keys.log(id))).toBe(0);
  expect(await redis.exists(keys.record(id), keys.log(id))).toBe(2);
});

/** Waits in the queue for an hour at most. */
const DUE_SOON = { ...REQUEST, queue_timeout_ms: 3_600_000 };

async function takeKey(api: JobStore) {
  const taken = await api.keyed.take({ tenant: TENANT, request: DUE_SOON }, KEY);
  if (!("newJob" in taken)) throw new Error("the key was taken");
  return { newJob: taken.newJob, jobId: taken.newJob.jobId ?? "" };
}

test.each(["looks", "submits"])(
  "[store.idempotency.cap] a job that a repeat is told of while the key's cap refuses it stays, when the repeat %s",
  async (how) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const limitsOf = () => ({ ...DEFAULT_LIMITS, maxQueued: 1 });
    const api = installation.createApi(600, limitsOf);
    await submitMany(api, 1);
    const { newJob, jobId } = await takeKey(api);
    const { writer, queues } = createWriter(installation, limitsOf);
    const open = vi.spyOn(queues, "pipeline");
    const first = queues.pipeline();
    const second = queues.pipeline();
    const undo = second.exec.bind(second);
    second.exec = async () => {
      if (how === "looks") expect((await api.keyed.find(TENANT, KEY, DUE_SOON))?.job.id).toBe(jobId);
      else {
        await api.submit(newJob);
        expect(await redis.get(newJob.mark?.key ?? "")).toBe(newJob.mark?.value);
      }
      return await undo();
    };
    open.mockReturnValueOnce(first).mockReturnValueOnce(second);
    await writer.submit({ ...newJob, jobId });
    await writer.flush();
    expect(await redis.exists(keys.record(jobId), keys.log(jobId))).toBe(2);
    // The sweeper lets it in.
    expect(await redis.zrange(keys.submissions, "0", "-1")).toContain(jobId);
    expect(await redis.zscore(keys.index(TENANT), jobId)).not.toBeNull();
    expect(await redis.zscore(keys.queueDeadlines, jobId)).not.toBeNull();
    // When its retention is over it does not run again.
    await redis.del(keys.record(jobId), keys.log(jobId));
    await expect(send(api, KEY, DUE_SOON)).rejects.toThrow(IdempotencyExpiredError);
  },
);

test("[store.idempotency.refused] what is left of a refused request is taken away, and nothing of a newer one under its key", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const other = installation.createApi(600, () => DEFAULT_LIMITS);
  await submitMany(other, 1);
  const { newJob, jobId } = await takeKey(other);
  const { writer, queues } = createWriter(installation, () => ({ ...DEFAULT_LIMITS, maxQueued: 1 }));
  const listed = async () => [
    await redis.zscore(keys.index(TENANT), jobId),
    await redis.zscore(keys.queueDeadlines, jobId),
    await redis.zscore(keys.submissions, jobId),
  ];
  await expect(writer.submit({ ...newJob, jobId })).rejects.toThrow(QueueFullError);
  expect(await listed()).toEqual([null, null, null]);

  const open = vi.spyOn(queues, "pipeline");
  const pipelines = [queues.pipeline(), queues.pipeline(), queues.pipeline()] as const;
  const cleanUp = pipelines[2].exec.bind(pipelines[2]);
  const newerNote = Date.now() + 60_000;
  pipelines[2].exec = async () => {
    // Its record is free by now.
    await other.submit(newJob);
    await noteTaken(installation);
    await redis.zadd(keys.submissions, newerNote, jobId);
    return await cleanUp();
  };
  for (const pipeline of pipelines) open.mockReturnValueOnce(pipeline);
  await expect(writer.submit({ ...newJob, jobId })).rejects.toThrow(QueueFullError);
  expect(await listed()).toEqual(["0", expect.any(String), String(newerNote)]);
});

test("[store.idempotency.held] a refused request leaves its key to another that may still write the same job", async () => {
  const installation = createInstallation();
  const { redis, keyPrefix } = installation;
  const [api, other] = [
    installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxQueued: 1 })),
    installation.createApi(600, () => DEFAULT_LIMITS),
  ];
  await submitMany(other, 1);
  const stored = async () => await redis.mget(await redis.keys(`${keyPrefix}:idempotency:*`));
  const { newJob, jobId } = await takeKey(api);
  // Another request with this key has taken it too, found no job, and is about to write it.
  const submit = other.submit.bind(other);
  const inTheMeantime = vi.spyOn(other, "submit").mockImplementationOnce(async (job) => {
    await expect(api.submit(newJob)).rejects.toThrow(QueueFullError);
    expect(await stored()).toEqual([expect.stringMatching(` ${jobId} job_\\w+$`)]);
    return await submit(job);
  });
  expect(await send(other, KEY, DUE_SOON)).toEqual({ id: jobId, isNew: false });
  expect(inTheMeantime).toHaveBeenCalledOnce();
  expect(await stored()).toEqual([newJob.mark?.value]);
  expect(await send(api, KEY, DUE_SOON)).toEqual({ id: jobId, isNew: false });

  // When the other one is refused as well, the key is free.
  const first = await api.keyed.take({ tenant: TENANT, request: DUE_SOON }, "order-8");
  if (!("newJob" in first)) throw new Error("the key was taken");
  await expect(send(api, "order-8", DUE_SOON)).rejects.toThrow(QueueFullError);
  expect(await stored()).toHaveLength(2);
  await expect(api.submit(first.newJob)).rejects.toThrow(QueueFullError);
  expect(await stored()).toEqual([newJob.mark?.value]);
});
