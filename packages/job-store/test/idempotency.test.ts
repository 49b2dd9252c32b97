import type { JobRequest } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { IdempotencyMismatchError, JobExpiredError } from "../src/submission/idempotency.ts";
import type { JobStore } from "../src/job-store.ts";
import { Admission } from "../src/admission/admission.ts";
import { FleetCapacity } from "../src/admission/fleet-capacity.ts";
import { Standings } from "../src/admission/standing.ts";
import { systemClock } from "../src/clock.ts";
import { JobQueues } from "../src/job-queues.ts";
import { SubmissionWriter } from "../src/submission/submission-writer.ts";
import { logger } from "./support/kill-at-each.ts";
import { LIMITS, submitMany } from "./support/line-state.ts";
import { queueEmpty, startRunner } from "./support/run-jobs.ts";
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
  await expect(send(api, KEY)).rejects.toThrow(JobExpiredError);
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

test.each(["looks", "submits"])(
  "[store.idempotency.cap] a job that a repeat is told of while the key's cap refuses it stays, when the repeat %s",
  async (how) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const limitsOf = () => ({ ...LIMITS, maxQueued: 1 });
    const api = installation.createApi(600, limitsOf);
    await submitMany(api, 1);
    const taken = await api.keyed.take({ tenant: TENANT, request: REQUEST }, KEY);
    if (!("newJob" in taken)) throw new Error("the key was taken");
    const { newJob } = taken;
    const jobId = newJob.jobId ?? "";

    const queues = new JobQueues(redis, keys, logger);
    installation.onRelease(() => queues.close());
    const admission = new Admission({ keys, queues, capacity: new FleetCapacity(redis, keys), limitsOf });
    const shared = { redis, keys, queues, admission, standings: new Standings(), clock: systemClock };
    const writer = new SubmissionWriter({ ...shared, retentionSeconds: 600 });
    const open = vi.spyOn(queues, "pipeline");
    const first = queues.pipeline();
    const second = queues.pipeline();
    const undo = second.exec.bind(second);
    second.exec = async () => {
      if (how === "looks") expect((await api.keyed.find(TENANT, KEY, REQUEST))?.job.id).toBe(jobId);
      else await api.submit(newJob);
      return await undo();
    };
    open.mockReturnValueOnce(first).mockReturnValueOnce(second);
    await writer.submit({ ...newJob, jobId });
    await writer.flush();
    expect(await redis.exists(keys.record(jobId), keys.log(jobId))).toBe(2);
    // The sweeper lets it in.
    expect(await redis.zrange(keys.submissions, "0", "-1")).toContain(jobId);
    expect(await redis.zscore(keys.index(TENANT), jobId)).not.toBeNull();
  },
);
