import { expect, test, vi } from "vitest";
import { approvalRequested, claimChat } from "./support/chat-jobs.ts";
import { FAR_MS, NOTHING } from "./support/executors.ts";
import { PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";
import { CHAT, startWebhooks, submitJob, untilDelivered, WEBHOOK } from "./support/webhooks.ts";

/** How far apart things may expire together: it depends on when each was set. Jobs stay for ten minutes here. */
const NEAR_MS = 10_000;

test("[webhook.retried] an end is told although the job was retried before that, and each end once", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  expect((await api.retries.retry(TENANT, jobId, "start"))?.outcome).toBe("reopened");
  const sweeper = installation.createWorker().createSweeper();
  await sweeper.sweep();
  const sent = startWebhooks(installation);
  await untilDelivered(api, jobId);
  await api.cancel(TENANT, jobId);
  await sweeper.sweep();
  await vi.waitFor(() => expect(sent).toHaveLength(2), PATIENCE_MS);
  expect(sent.map(({ id }) => id)).toEqual([`msg_${jobId}_2`, `msg_${jobId}_4`]);
  expect(await redis.exists(keys.webhooks)).toBe(0);
});

test("[webhook.expire] the deliveries of a job expire with it, and those of a job that goes on do not", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600);
  const events = ["approval.requested"] as const;
  const request = { ...CHAT, webhook: { ...WEBHOOK, events: [...events] } };
  const jobId = (await api.submit({ tenant: TENANT, request })).id;
  startRunner(installation, async ({ readPast, write }) => {
    if ((await readPast()).length === 0) await write([approvalRequested("c1")]);
    return { status: "parked", reason: "approval", until: Date.now() + FAR_MS };
  });
  startWebhooks(installation);
  await untilDelivered(api, jobId);
  expect(await redis.ttl(keys.deliveries(jobId))).toBe(-1);
  await api.cancel(TENANT, jobId);
  await installation.createWorker().createSweeper().sweep();
  const expiries = [keys.deliveries(jobId), keys.record(jobId)].map((key) => redis.pexpiretime(key));
  const [deliveries = 0, record = 0] = await Promise.all(expiries);
  expect(deliveries).toBeGreaterThan(Date.now());
  expect(Math.abs(deliveries - record)).toBeLessThan(NEAR_MS);
  expect(await api.deliveries.list(TENANT, jobId)).toHaveLength(1);
});

test("[webhook.expire.pending] a job stays until its webhook is told, and then for its retention at most", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(60);
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  await installation.createWorker().createSweeper().sweep();
  const timesLeft = () =>
    Promise.all([keys.record(jobId), keys.log(jobId), keys.deliveries(jobId)].map((key) => redis.ttl(key)));
  expect(Math.min(...(await timesLeft()))).toBeGreaterThan(3_000);
  startWebhooks(installation);
  await untilDelivered(api, jobId);
  expect(Math.max(...(await timesLeft()))).toBeLessThanOrEqual(60);
  await api.retries.retry(TENANT, jobId, "start");
  expect(await timesLeft()).toEqual([-1, -1, -1]);
});

test("[webhook.expire.decided] the delivery of an approval that has been decided expires with its job", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const request = { ...CHAT, webhook: { ...WEBHOOK, events: ["approval.requested" as const] } };
  const jobId = (await api.submit({ tenant: TENANT, request })).id;
  const sweeper = installation.createWorker().createSweeper();
  const asking = await claimChat(installation, jobId, 1, request);
  await asking.write([approvalRequested("c1")]);
  await asking.park("approval", Date.now() + FAR_MS, 60_000);
  await sweeper.sweep();
  startWebhooks(installation);
  await untilDelivered(api, jobId);
  await api.decideApproval(TENANT, jobId, "c1", { decision: "approve" });
  const asked = await claimChat(installation, jobId, 2, request);
  await asked.finish({ status: "cancelled", cancellation: NOTHING });
  await sweeper.sweep();
  const expiries = [keys.deliveries(jobId), keys.record(jobId)].map((key) => redis.pexpiretime(key));
  const [deliveries = 0, record = 0] = await Promise.all(expiries);
  expect(record).toBeGreaterThan(0);
  expect(Math.abs(deliveries - record)).toBeLessThan(NEAR_MS);
});

test("[webhook.expire.lost] nothing is left of a job with deliveries whose log is lost while it is parked", async () => {
  const installation = createInstallation();
  const { redis, keys, keyPrefix } = installation;
  const api = installation.createApi();
  const request = { ...CHAT, webhook: { ...WEBHOOK, events: ["approval.requested" as const] } };
  const jobId = (await api.submit({ tenant: TENANT, request })).id;
  const asking = await claimChat(installation, jobId, 1, request);
  await asking.write([approvalRequested("c1")]);
  await asking.park("approval", Date.now() + FAR_MS, 60_000);
  await installation.createWorker().createSweeper().sweep();
  startWebhooks(installation);
  await untilDelivered(api, jobId);
  expect(await redis.del(keys.log(jobId))).toBe(1);
  await expect(claimChat(installation, jobId, 2, request)).rejects.toThrow("not claimed: missing");
  expect(await redis.keys(`${keyPrefix}:{${jobId}}*`)).toEqual([]);
});

test("[webhook.approval.decided] an approval that was decided before it could be told is told no more", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const request = { ...CHAT, webhook: { ...WEBHOOK, events: ["approval.requested" as const] } };
  const jobId = (await api.submit({ tenant: TENANT, request })).id;
  const run = await claimChat(installation, jobId, 1, request);
  await run.write([approvalRequested("c1"), approvalRequested("c2")]);
  await run.park("approval", Date.now() + FAR_MS, 60_000);
  await api.decideApproval(TENANT, jobId, "c1", { decision: "approve" });
  await installation.createWorker().createSweeper().sweep();
  expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ n: 4, event: "approval.requested" }]);
});
