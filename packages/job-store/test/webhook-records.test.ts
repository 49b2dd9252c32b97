import type { DeliveryAttempt } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { DeliveryRecords } from "../src/webhooks/delivery-records.ts";
import { WebhookDispatch } from "../src/webhooks/webhook-dispatch.ts";
import { WebhookQueue } from "../src/webhooks/webhook-queue.ts";
import { PATIENCE_MS } from "./support/run-jobs.ts";
import { startWebhooks, submitJob, untilDelivered } from "./support/webhooks.ts";
import { createInstallation, silentLogger, TENANT } from "./support/test-installation.ts";

const FAILED = { status: "failed", nextAt: null } as const;

function attempt(duration_ms: number): DeliveryAttempt {
  return { at: new Date().toISOString(), duration_ms, status_code: 500, error: "answered 500" };
}

/** A job whose webhook has been told nothing yet. */
async function openRecords() {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitJob(installation.createApi());
  const records = new DeliveryRecords(redis, keys);
  const open = (n: number) => records.open({ jobId, n }, { event: "job.completed", createdAt: Date.now() });
  return { redis, keys, jobId, records, open };
}

test("[webhook.attempts] the last 50 attempts of a delivery are kept, and all of them counted", async () => {
  const { redis, keys, jobId, records, open } = await openRecords();
  await open(3);
  const pending = { status: "pending", nextAt: Date.now() } as const;
  for (let count = 1; count <= 52; count += 1)
    await records.record({ jobId, n: 3 }, 0, pending, attempt(count));
  const view = (await records.read(jobId)).get(3)?.view;
  expect(view?.attempt_count).toBe(52);
  expect(view?.attempts.map(({ duration_ms }) => duration_ms)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 3),
  );
  // What it is of, where it stands, and these.
  expect(await redis.hlen(keys.deliveries(jobId))).toBe(5 + 50);
});

test("[webhook.order] deliveries are told in the order of their events, whichever was made first", async () => {
  const { jobId, records, open } = await openRecords();
  for (const n of [10, 9, 2]) await open(n);
  expect([...(await records.read(jobId)).keys()]).toEqual([2, 9, 10]);
});

test("[webhook.replay] a replay is planned anew, and an attempt of before is only written down", async () => {
  const { jobId, records, open } = await openRecords();
  const name = { jobId, n: 3 };
  await open(3);
  await records.record(name, 0, { status: "pending", nextAt: Date.now() }, attempt(1));
  await records.replay(name);
  await records.record(name, 0, FAILED, attempt(2));
  expect((await records.read(jobId)).get(3)?.view).toMatchObject({
    status: "pending",
    next_attempt_at: null,
    attempt_count: 2,
  });
  await records.record(name, 1, FAILED, attempt(3));
  expect((await records.read(jobId)).get(3)?.view).toMatchObject({ status: "failed", attempt_count: 3 });
});

test("[webhook.replay] one that is asked for while a worker looks at the job is made", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const sweeper = installation.createWorker().createSweeper();
  const sent = startWebhooks(installation);
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  await sweeper.sweep();
  await untilDelivered(api, jobId);
  const [delivery] = (await api.deliveries.list(TENANT, jobId)) ?? [];
  const queue = new WebhookQueue(redis, keys, silentLogger);
  installation.onRelease(() => queue.close());
  const records = new DeliveryRecords(redis, keys);
  const parts = { redis, keys, clock: systemClock, logger: silentLogger, queue, records };
  vi.spyOn(redis, "millraceSettleNote").mockImplementationOnce(async (...note) => {
    await api.deliveries.replay(TENANT, jobId, delivery?.n ?? 0);
    return await redis.millraceSettleNote(...note);
  });
  await new WebhookDispatch(parts).afterEvent(jobId);
  await sweeper.sweep();
  await vi.waitFor(() => expect(sent).toHaveLength(2), PATIENCE_MS);
});
