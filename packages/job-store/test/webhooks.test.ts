import { Worker } from "bullmq";
import { expect, test, vi } from "vitest";
import { endWaitingJob } from "../src/control/end-waiting-job.ts";
import { parseRecord } from "../src/record.ts";
import { DeliveryRecords } from "../src/webhooks/delivery-records.ts";
import { WebhookDispatch } from "../src/webhooks/webhook-dispatch.ts";
import type { SendWebhook } from "../src/webhooks/webhook-runner.ts";
import { WEBHOOK_QUEUE, WebhookQueue, type QueuedDelivery } from "../src/webhooks/webhook-queue.ts";
import { noteWebhook } from "../src/webhooks/webhook-notes.ts";
import { systemClock } from "../src/clock.ts";
import { approvalRequested, claimChat } from "./support/chat-jobs.ts";
import { FAR_MS, NOTHING } from "./support/executors.ts";
import { PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  silentLogger,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";
import { CHAT, startWebhooks, submitJob, TAKEN, untilDelivered, WEBHOOK } from "./support/webhooks.ts";

/** Takes a delivery as a worker does that then dies. */
async function takeAndDie({ redis, keys, onRelease }: Installation): Promise<QueuedDelivery | undefined> {
  const worker = new Worker<QueuedDelivery>(WEBHOOK_QUEUE, null, {
    connection: redis,
    prefix: keys.queuePrefix(WEBHOOK_QUEUE),
    autorun: false,
    lockDuration: 100,
    skipLockRenewal: true,
    skipStalledCheck: true,
  });
  onRelease(() => worker.close(true));
  return (await worker.getNextJob("dead"))?.data;
}

test("[webhook.cut] a worker that dies between a job's end and its delivery loses no webhook", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  const run = await claimChat(installation, jobId, 1, CHAT);
  // It dies here the first time: its note is there before the end is.
  await noteWebhook(jobId, { redis, keys, clock: systemClock });
  const sweeper = installation.createWorker().createSweeper();
  const before = Date.now();
  await sweeper.sweep();
  expect(await api.deliveries.list(TENANT, jobId)).toEqual([]);
  // It is looked at again.
  expect(Number(await redis.zscore(keys.webhooks, jobId))).toBeGreaterThan(before);

  await run.finish({ status: "cancelled", cancellation: NOTHING });
  // And here: nobody has queued a delivery.
  expect(await redis.exists(keys.deliveries(jobId))).toBe(0);
  await sweeper.sweep();
  expect(await redis.exists(keys.webhooks)).toBe(0);
  expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ n: 3, status: "pending", attempts: [] }]);

  const sent = startWebhooks(installation);
  await untilDelivered(api, jobId);
  expect(sent).toMatchObject([{ tenant: TENANT, url: WEBHOOK.url, id: `msg_${jobId}_3` }]);
});

test("[webhook.cut] who dies right after the end of a job that waits loses no webhook", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  const record = parseRecord(await redis.hgetall(keys.record(jobId))) ?? expect.fail("no record");
  const end = redis.millraceEndWaiting.bind(redis);
  vi.spyOn(redis, "millraceEndWaiting").mockImplementationOnce(async (...parameters) => {
    await end(...parameters);
    throw new Error("it dies");
  });
  const outcome = { status: "cancelled", cancellation: NOTHING } as const;
  const ending = endWaitingJob(jobId, record, outcome, { redis, keys, clock: systemClock });
  await expect(ending).rejects.toThrow("it dies");
  await installation.createWorker().createSweeper().sweep();
  expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ n: 2, status: "pending" }]);
});

test("[webhook.cut] a note that is looked at twice makes one delivery", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  const sweepers = [installation.createWorker().createSweeper(), installation.createWorker().createSweeper()];
  for (const sweeper of sweepers) {
    await noteWebhook(jobId, { redis, keys, clock: systemClock });
    await sweeper.sweep();
  }
  const sent = startWebhooks(installation);
  await untilDelivered(api, jobId);
  await noteWebhook(jobId, { redis, keys, clock: systemClock });
  await sweepers[0]?.sweep();
  await vi.waitFor(async () => expect(await redis.exists(keys.webhooks)).toBe(0), PATIENCE_MS);
  expect(sent).toHaveLength(1);
});

test("[webhook.cut] a cancel that comes while the worker that has parked the job still looks at its webhook is told", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  const run = await claimChat(installation, jobId, 1, CHAT);
  await run.write([approvalRequested("c1")]);
  await run.park("approval", Date.now() + FAR_MS, 60_000);
  const record = parseRecord(await redis.hgetall(keys.record(jobId)));
  if (!record) throw new Error("no record");

  const parts = { redis, keys, clock: systemClock, logger: silentLogger };
  const queue = new WebhookQueue(redis, keys, silentLogger);
  installation.onRelease(() => queue.close());
  const dispatch = new WebhookDispatch({ ...parts, queue, records: new DeliveryRecords(redis, keys) });
  const [hasRead, hasEnded] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  vi.spyOn(redis, "millraceSettleNote").mockImplementationOnce(async (...note) => {
    hasRead.resolve();
    await hasEnded.promise;
    return await redis.millraceSettleNote(...note);
  });
  vi.spyOn(redis, "millraceEndWaiting").mockImplementationOnce(async (...end) => {
    const look = dispatch.afterEvent(jobId);
    await hasRead.promise;
    const result = await redis.millraceEndWaiting(...end);
    hasEnded.resolve();
    await look;
    return result;
  });
  await endWaitingJob(jobId, record, { status: "cancelled", cancellation: NOTHING }, parts);
  await installation.createWorker().createSweeper().sweep();
  expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ event: "job.cancelled" }]);
});

test("[webhook.worker_killed] a delivery whose worker died is made by another, under the same id", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  await installation.createWorker().createSweeper().sweep();
  expect(await takeAndDie(installation)).toEqual({ jobId, n: 2, generation: 0 });
  const sent = startWebhooks(installation);
  await untilDelivered(api, jobId);
  expect(sent.map(({ id }) => id)).toEqual([`msg_${jobId}_2`]);
});

test("[webhook.shutdown] a worker that shuts down breaks its deliveries off, and another one makes them", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  await installation.createWorker().createSweeper().sweep();
  const begun = Promise.withResolvers<void>();
  const leaving = installation.createWorker().createWebhookRunner(({ signal }) => {
    begun.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  });
  leaving.start();
  await begun.promise;
  await leaving.close();
  startWebhooks(installation);
  await untilDelivered(api, jobId);
  const [delivery] = (await api.deliveries.list(TENANT, jobId)) ?? [];
  // What was broken off is no attempt of the receiver's.
  expect(delivery?.attempts).toMatchObject([{ status_code: 204 }]);
});

test("[webhook.replay] what was planned before a replay does nothing any more", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  const sweeper = installation.createWorker().createSweeper();
  await sweeper.sweep();
  expect(await api.deliveries.replay(TENANT, jobId, 2)).toMatchObject({ n: 2, status: "pending" });
  await sweeper.sweep();
  const sent = startWebhooks(installation);
  await untilDelivered(api, jobId);
  const waiting = `${keys.queuePrefix(WEBHOOK_QUEUE)}:${WEBHOOK_QUEUE}:`;
  await vi.waitFor(async () => expect(await redis.keys(`${waiting}job_*`)).toEqual([]), PATIENCE_MS);
  expect(sent).toHaveLength(1);
  expect(await api.deliveries.replay(TENANT, jobId, 3)).toBe("unknown");
  expect(await api.deliveries.replay("bob", jobId, 2)).toBeNull();
  expect(await api.deliveries.list("bob", jobId)).toBeNull();
});

test("[webhook.fair] a key whose receiver never answers holds up nobody else's webhooks", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const silent: SendWebhook = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const sent = startWebhooks(installation, (message) =>
    message.tenant === TENANT ? silent(message) : Promise.resolve(TAKEN),
  );
  const sweeper = installation.createWorker().createSweeper();
  const request = { ...CHAT, webhook: { ...WEBHOOK, events: ["approval.requested" as const] } };
  const jobId = (await api.submit({ tenant: TENANT, request })).id;
  const run = await claimChat(installation, jobId, 1, request);
  // More webhooks than one worker delivers at once.
  await run.write(Array.from({ length: 130 }, (_, index) => approvalRequested(`c${index}`)));
  await run.park("approval", Date.now() + FAR_MS, 60_000);
  await sweeper.sweep();
  await vi.waitFor(() => expect(sent.length).toBeGreaterThan(0), PATIENCE_MS);
  const { id } = await api.submit({ tenant: "bob", request: CHAT });
  await api.cancel("bob", id);
  await sweeper.sweep();
  await vi.waitFor(async () => {
    expect(await api.deliveries.list("bob", id)).toMatchObject([{ status: "delivered" }]);
  }, PATIENCE_MS);
  expect(sent.filter(({ tenant }) => tenant === TENANT).length).toBeLessThan(100);
});

test("[webhook.independent] a job ends as fast as without, and jobs without a webhook leave no trace of one", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  startRunner(installation, () => Promise.resolve({ status: "completed", result: RESULT }), { type: "tool" });
  // Nobody delivers.
  const told = await submitJob(api, { ...REQUEST, webhook: WEBHOOK });
  const plain = await submitJob(api, REQUEST);
  await untilStatus(api, told, "completed");
  await untilStatus(api, plain, "completed");
  await vi.waitFor(
    async () => expect(await api.deliveries.list(TENANT, told)).toMatchObject([{ status: "pending" }]),
    PATIENCE_MS,
  );
  expect(await redis.exists(keys.deliveries(plain))).toBe(0);
  expect(await redis.hexists(keys.record(plain), "webhook")).toBe(0);
  await vi.waitFor(async () => expect(await redis.exists(keys.webhooks)).toBe(0), PATIENCE_MS);
});
