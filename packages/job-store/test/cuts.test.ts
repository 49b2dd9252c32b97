import { expect, test, vi } from "vitest";
import { endWaitingJob } from "../src/control/end-waiting-job.ts";
import { systemClock } from "../src/clock.ts";
import { parseRecord } from "../src/record.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat, submitChat } from "./support/chat-jobs.ts";
import { NOTHING } from "./support/executors.ts";
import {
  eventTypes,
  PATIENCE_MS,
  queueEmpty,
  startRunner,
  takeAndDie,
  untilStatus,
} from "./support/run-jobs.ts";
import { createInstallation, REQUEST, TENANT } from "./support/test-installation.ts";

/** Longer ago than any submission takes. */
const LONG_AGO = Date.now() - 120_000;

test("[store.cut.retry-note] a retry that died before it wrote anything leaves the job as it was, and no note", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await (await claimChat(installation, jobId)).finish({ status: "cancelled", cancellation: NOTHING });
  await vi.waitFor(async () => expect(await redis.exists(keys.submissions)).toBe(0), 20_000);
  await redis.zadd(keys.submissions, LONG_AGO, jobId);
  expect(await installation.createWorker().createSweeper().sweep()).toBe(0);
  expect(await redis.exists(keys.submissions)).toBe(0);
  expect((await api.find(TENANT, jobId))?.job.status).toBe("cancelled");
});

test("[store.cut.attempt] a worker that dies between the end of an attempt and its wait loses no attempt", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, attempts: 2 });
  await takeAndDie(installation, "chat");
  const run = await claimChat(installation, jobId);
  await run.retry(60_000, { code: "provider_unavailable", message: "", retryable: true }, false);
  // It died here. Its lock expires, and the next attempt begins at once instead of later.
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await untilStatus(api, jobId, "completed");
  expect((await api.find(TENANT, jobId))?.job.attempt).toBe(2);
  await queueEmpty(installation, "chat");
});

test("[store.cut.finish] a worker that dies between the end of a job and its entry's leaves an entry that runs nothing", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await takeAndDie(installation, "chat");
  await (await claimChat(installation, jobId)).finish({ status: "cancelled", cancellation: NOTHING });
  let runs = 0;
  startRunner(installation, () => {
    runs += 1;
    return Promise.resolve(CHAT_DONE);
  });
  await queueEmpty(installation, "chat");
  expect(runs).toBe(0);
  expect(await eventTypes(api, jobId)).toEqual(["job.queued", "job.started", "job.cancelled"]);
});

test("[store.cut.cancel] an api that dies between a cancel and the queue leaves an entry that runs nothing", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const record = parseRecord(await redis.hgetall(keys.record(jobId)));
  if (!record) throw new Error("no record");
  const outcome = { status: "cancelled", cancellation: NOTHING } as const;
  await endWaitingJob(jobId, record, outcome, { redis, keys, clock: systemClock });
  startRunner(installation, () => Promise.reject(new Error("it ran")));
  await queueEmpty(installation, "chat");
  expect(await eventTypes(api, jobId)).toEqual(["job.queued", "job.cancelled"]);
});

test("[store.cut.mark] a key whose submission died before the mark gives its job all the same", async () => {
  const installation = createInstallation();
  const { redis, keyPrefix } = installation;
  const api = installation.createApi();
  const taken = await api.keyed.take({ tenant: TENANT, request: REQUEST }, "k");
  if (!("newJob" in taken)) throw new Error("the key was taken");
  const { mark: _, ...unmarked } = taken.newJob;
  const { id } = await api.submit(unmarked);
  const [key = ""] = await redis.keys(`${keyPrefix}:idempotency:*`);
  expect(await redis.get(key)).not.toContain("written");
  expect((await api.keyed.find(TENANT, "k", REQUEST))?.job.id).toBe(id);
});

test("[store.cut.park] a worker that dies between a park and the queue lets its job wait no longer than its lock", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await takeAndDie(installation, "chat");
  await (await claimChat(installation, jobId)).park("cool_down", Date.now() + 600_000, 600_000);
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await vi.waitFor(async () => expect(await eventTypes(api, jobId)).toContain("job.resumed"), PATIENCE_MS);
  await untilStatus(api, jobId, "completed");
});
