import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { failOverdueJob, failOverdueJobs } from "../src/control/queue-timeouts.ts";
import { entryId } from "../src/queue-entry.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat, submitChat } from "./support/chat-jobs.ts";
import { submitMany } from "./support/line-state.ts";
import { eventTypes, never, PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, TENANT } from "./support/test-installation.ts";

/** Over before anybody can look. */
const HASTY = { ...CHAT_REQUEST, queue_timeout_ms: 1 };

const laterThan = (time: number) => vi.waitFor(() => expect(Date.now()).toBeGreaterThan(time), 20_000);

test("[store.queue-timeout.sweep] fails a job that no worker has started in time, and who waits hears of it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const waiting = api.submitAndWait(
    { tenant: TENANT, request: HASTY },
    { waitMs: PATIENCE_MS, signal: never },
  );
  const sweeper = installation.createWorker().createSweeper();
  await vi.waitFor(async () => {
    await sweeper.sweep();
    expect((await api.list(TENANT, { limit: 1, status: "failed" })).jobs).toHaveLength(1);
  }, 20_000);
  const { job, ended } = await waiting;
  expect(ended).toBe(true);
  expect(job).toMatchObject({ status: "failed", started_at: null, worker_id: null });
  expect(job.error).toMatchObject({ code: "queue_timeout", retryable: true });
  expect(await eventTypes(api, job.id)).toEqual(["job.queued", "job.failed"]);
  await queueEmpty(installation, "chat");
  expect(await redis.exists(keys.queueDeadlines)).toBe(0);
  expect(await redis.ttl(keys.record(job.id))).toBeGreaterThan(0);
});

test("[store.queue-timeout.claim] is not started by a worker that comes too late, without any sweep", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation, HASTY);
  await laterThan(Date.now() + 2);
  let starts = 0;
  startRunner(installation, () => {
    starts += 1;
    return Promise.resolve(CHAT_DONE);
  });
  await untilStatus(api, jobId, "failed");
  expect((await api.find(TENANT, jobId))?.job.error?.code).toBe("queue_timeout");
  await queueEmpty(installation, "chat");
  expect(starts).toBe(0);
});

test("[store.queue-timeout.delay] counts from the moment at which a delayed job is due", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id, created_at } = await api.submit({ tenant: TENANT, request: { ...HASTY, delay_ms: 600_000 } });
  await laterThan(Date.parse(created_at) + 2);
  await installation.createWorker().createSweeper().sweep();
  expect((await api.find(TENANT, id))?.job.status).toBe("queued");
  expect(await redis.zscore(keys.queueDeadlines, id)).toBe(String(Date.parse(created_at) + 600_001));
});

test("[store.queue-timeout.started] leaves a job alone that was started in time, and one that names none", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const other = await submitChat(installation);
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, queue_timeout_ms: 1_000 });
  await claimChat(installation, jobId);
  // As if the second were over.
  await redis.hset(keys.record(jobId), "queue_deadline", Date.now() - 1);
  await redis.zadd(keys.queueDeadlines, Date.now() - 1, jobId);
  await installation.createWorker().createSweeper().sweep();
  expect((await api.find(TENANT, jobId))?.job.status).toBe("running");
  expect((await api.find(TENANT, other))?.job.status).toBe("queued");
  expect(await redis.exists(keys.queueDeadlines)).toBe(0);
  // Nor is it overdue for the next worker, when this one has died.
  expect((await claimChat(installation, jobId, 2)).claimed.attempt).toBe(1);
});

test("[store.queue-timeout.many] one sweep fails all that are overdue, however many", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const request = { ...REQUEST, queue_timeout_ms: 1 };
  const ids = await submitMany(api, 1_100, { request });
  await laterThan(Date.now() + 2);
  await installation.createWorker().createSweeper().sweep();
  const statuses = await Promise.all(ids.map((id) => redis.hget(keys.record(id), "status")));
  expect(new Set(statuses)).toEqual(new Set(["failed"]));
  expect(await redis.exists(keys.queueDeadlines)).toBe(0);
  await queueEmpty(installation, "tool");
});

test("[store.queue-timeout.left] leaves no entry of a job that has been started or cancelled", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const request = { ...CHAT_REQUEST, queue_timeout_ms: 600_000 };
  const cancelled = await submitChat(installation, request);
  expect(await redis.zcard(keys.queueDeadlines)).toBe(1);
  await api.cancel(TENANT, cancelled);
  expect(await redis.exists(keys.queueDeadlines)).toBe(0);
  const started = await submitChat(installation, request);
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await untilStatus(api, started, "completed");
  await vi.waitFor(async () => expect(await redis.exists(keys.queueDeadlines)).toBe(0), 20_000);
});

test("[store.queue-timeout.retried] a job that is retried while a sweep looks at it has its new time, and keeps its place among those that have one", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, queue_timeout_ms: 600_000 });
  // As if the ten minutes were over.
  await redis.hset(keys.record(jobId), "queue_deadline", Date.now() - 1);
  await redis.zadd(keys.queueDeadlines, Date.now() - 1, jobId);
  vi.spyOn(redis, "zrangebyscore").mockImplementationOnce(async (...values) => {
    const overdue = await redis.zrangebyscore(...values);
    await api.cancel(TENANT, jobId);
    await api.retries.retry(TENANT, jobId, "journal");
    return overdue;
  });
  // Nothing is to be taken out of its line or queue.
  const parts = { queues: undefined as never, departures: undefined as never, clock: systemClock };
  await failOverdueJobs({ redis, keys, ...parts });
  expect((await api.find(TENANT, jobId))?.job.status).toBe("queued");
  const deadline = await redis.hget(keys.record(jobId), "queue_deadline");
  expect(Number(deadline)).toBeGreaterThan(Date.now());
  expect(await redis.zscore(keys.queueDeadlines, jobId)).toBe(deadline);
});

test("[store.queue-timeout.claim.retried] a worker that comes too late for a job fails nothing that was retried since", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, queue_timeout_ms: 600_000 });
  await api.cancel(TENANT, jobId);
  await api.retries.retry(TENANT, jobId, "journal");
  // Nothing is to be taken out of its line or queue.
  const parts = { queues: undefined as never, departures: undefined as never, clock: systemClock };
  await failOverdueJob({ jobId, generation: 0 }, { redis, keys, ...parts });
  expect((await api.find(TENANT, jobId))?.job.status).toBe("queued");
});

test("[store.queue-timeout.cut] a retry that was cut off before its deadline was noted has it after a sweep", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, queue_timeout_ms: 600_000 });
  await api.cancel(TENANT, jobId);
  await api.retries.retry(TENANT, jobId, "journal");
  await redis.zrem(keys.queueDeadlines, jobId);
  await redis.zadd(keys.submissions, Date.now() - 10_000, entryId({ jobId, generation: 1 }));
  await installation.createWorker().createSweeper().sweep();
  const deadline = await redis.hget(keys.record(jobId), "queue_deadline");
  expect(await redis.zscore(keys.queueDeadlines, jobId)).toBe(deadline);
});
