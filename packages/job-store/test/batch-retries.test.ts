import { expect, test, vi } from "vitest";
import { countBatchEnds } from "../src/batches/batch-ends.ts";
import { batchJobId } from "../src/batches/batch-id.ts";
import { entryId } from "../src/queue-entry.ts";
import { findBatch, submitBatch, sweepBatch } from "./support/batches.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat } from "./support/chat-jobs.ts";
import { PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";

const FAILED = {
  status: "failed",
  error: { code: "tool_error", message: "", retryable: false },
  result: null,
} as const;

/** An installation with a batch of one chat job. */
async function createBatch() {
  const installation = createInstallation();
  const store = installation.createApi();
  const batchId = await submitBatch(store, 1, CHAT_REQUEST);
  return { installation, store, batchId, jobId: batchJobId(batchId, 1) };
}

test("[store.batch.retry] a batch whose failed job is retried runs again, and counts how it ends at last", async () => {
  const { installation, store, batchId, jobId } = await createBatch();
  const go = Promise.withResolvers<void>();
  let starts = 0;
  startRunner(installation, async () => {
    starts += 1;
    if (starts === 1) return FAILED;
    await go.promise;
    return CHAT_DONE;
  });
  const counts = (expected: object) =>
    vi.waitFor(async () => expect(await findBatch(store, batchId)).toMatchObject(expected), PATIENCE_MS);
  await counts({ status: "completed", counts: { failed: 1 } });
  await store.retries.retry(TENANT, jobId, "journal");
  await counts({ status: "running", finished_at: null, counts: { pending: 1, failed: 0 } });
  expect(await installation.redis.ttl(installation.keys.batch(batchId).record)).toBe(-1);
  go.resolve();
  await counts({ status: "completed", counts: { pending: 0, completed: 1, failed: 0 } });
  const results = await store.batches.results(batchId, { order: "completion", after: 0 }).next();
  expect(results.map(({ status }) => status)).toEqual(["completed", "completed"]);
});

test("[store.batch.retry.early] an end that is told after the job's retry does not count, and the next one does", async () => {
  const { installation, store, batchId, jobId } = await createBatch();
  const { redis, keys } = installation;
  const fail = async (generation: number) =>
    (await claimChat(installation, jobId, 1, CHAT_REQUEST, { generation })).finish(FAILED);
  const tell = (generation: number) =>
    countBatchEnds(batchId, [{ jobId, status: "failed", generation }], installation);
  const results = async () => await store.batches.results(batchId, { order: "completion", after: 0 }).next();

  await fail(0);
  await store.retries.retry(TENANT, jobId, "journal");
  expect(await tell(0)).toBe(0);
  expect(await findBatch(store, batchId)).toMatchObject({ status: "running", counts: { pending: 1 } });
  expect(await results()).toEqual([]);
  await fail(1);
  expect(await tell(1)).toBe(1);
  expect(await tell(1)).toBe(0);
  expect(await findBatch(store, batchId)).toMatchObject({
    status: "completed",
    counts: { pending: 0, failed: 1 },
  });
  expect(await results()).toHaveLength(1);
  expect(await redis.ttl(keys.batch(batchId).generations)).toBeGreaterThan(0);

  // Told in time, and the same end again.
  await store.retries.retry(TENANT, jobId, "journal");
  expect(await findBatch(store, batchId)).toMatchObject({ status: "running", counts: { failed: 0 } });
  await fail(2);
  await sweepBatch(installation, batchId);
  expect(await findBatch(store, batchId)).toMatchObject({ status: "completed", counts: { failed: 1 } });
  expect(await results()).toHaveLength(2);
});

test("[store.batch.retry.cut] the sweeper tells a batch of a retry that was cut off after the record", async () => {
  const { installation, store, batchId, jobId } = await createBatch();
  const { redis, keys } = installation;
  await (await claimChat(installation, jobId)).finish(FAILED);
  await countBatchEnds(batchId, [{ jobId, status: "failed", generation: 0 }], installation);
  const before = await redis.hgetall(keys.batch(batchId).record);
  await store.retries.retry(TENANT, jobId, "journal");
  // As if the api had died before it told the batch.
  await redis.del(keys.batch(batchId).generations);
  await redis.setrange(keys.batch(batchId).states, 0, "f");
  await redis.hset(keys.batch(batchId).record, before);
  await redis.zadd(keys.submissions, Date.now() - 10_000, entryId({ jobId, generation: 1 }));
  await sweepBatch(installation, batchId);
  expect(await findBatch(store, batchId)).toMatchObject({
    status: "running",
    finished_at: null,
    counts: { pending: 1, failed: 0 },
  });
});

test("[store.batch.retry.lost] a batch ends although a failover has lost the retry that it was told of", async () => {
  const { installation, store, batchId, jobId } = await createBatch();
  const { redis, keys } = installation;
  await (await claimChat(installation, jobId)).finish(FAILED);
  const record = await redis.hgetall(keys.record(jobId));
  await store.retries.retry(TENANT, jobId, "journal");
  await redis.hset(keys.record(jobId), record);
  await sweepBatch(installation, batchId);
  expect(await findBatch(store, batchId)).toMatchObject({
    status: "completed",
    counts: { pending: 0, failed: 1 },
  });
});
