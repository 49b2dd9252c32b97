import type { JobError } from "@millrace/contracts";
import { expect, test } from "vitest";
import { CHAT_REQUEST, claimChat, submitChat } from "./support/chat-jobs.ts";
import { NOTHING } from "./support/executors.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";

const BUSY: JobError = { code: "provider_unavailable", message: "busy", retryable: true };

test("[store.attempts.time] the next attempt has the whole time of the job, and its time in the queue is over", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation, {
    ...CHAT_REQUEST,
    timeout_ms: 50_000,
    queue_timeout_ms: 1_000,
  });
  const first = await claimChat(installation, jobId);
  await first.hold(1_000);
  // As if its time, and that in the queue, were over.
  await redis.hset(keys.record(jobId), "deadline", 1, "queue_deadline", 1);
  await first.retry(0, BUSY, false);
  expect((await claimChat(installation, jobId, 2)).claimed.remainingMs).toBe(50_000);
});

test("[store.retry.anew] a job that was cancelled late has its whole time again, and is not cancelled once more", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation, { ...CHAT_REQUEST, timeout_ms: 50_000 });
  await claimChat(installation, jobId);
  const run = await claimChat(installation, jobId, 2);
  await run.hold(1_000);
  // As if its time were almost over.
  await redis.hset(keys.record(jobId), "deadline", 1);
  await api.cancel(TENANT, jobId);
  await run.finish({ status: "cancelled", cancellation: NOTHING });
  await api.retries.retry(TENANT, jobId, "journal");
  const again = await claimChat(installation, jobId, 1, CHAT_REQUEST, { generation: 1 });
  expect(again.claimed).toMatchObject({
    remainingMs: 50_000,
    cancelRequested: false,
    crashes: 0,
    isUnknown: false,
  });
});
