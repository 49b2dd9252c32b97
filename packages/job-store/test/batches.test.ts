import { expect, test, vi } from "vitest";
import { countBatchEnds } from "../src/batches/batch-ends.ts";
import { batchJobId } from "../src/batches/batch-id.ts";
import { batchScriptKeys } from "../src/batches/batch-record.ts";
import { QueueFullError } from "../src/admission/tenant-limits.ts";
import { BatchUpload } from "../src/batches/batch-upload.ts";
import { findBatch, makeDue, openBatch, submitBatch, uploadLines } from "./support/batches.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat } from "./support/chat-jobs.ts";
import { never, PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

const FAILED = {
  status: "failed",
  error: { code: "tool_error", message: "", retryable: false },
  result: null,
} as const;

/** One step of the sweeper that looks at this batch. */
async function sweep(installation: Installation, batchId: string): Promise<void> {
  const sweeper = installation.createWorker().createSweeper();
  for (let pass = 0; pass < 2; pass += 1) {
    await makeDue(installation, batchId);
    await sweeper.sweep();
  }
  await sweeper.close();
}

test("[store.batch.counts] a job's end counts once, however often and in whatever order it is told", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  const batchId = await submitBatch(store, 3);
  const [first = "", second = "", third = ""] = [1, 2, 3].map((line) => batchJobId(batchId, line));
  const tell = (jobId: string, status: "completed" | "failed" | "cancelled") =>
    countBatchEnds(batchId, [{ jobId, status }], installation);
  expect(await tell(second, "completed")).toBe(1);
  expect(await tell(second, "completed")).toBe(0);
  expect(await tell(second, "failed")).toBe(0);
  expect(await tell(batchJobId(batchId, 4), "completed")).toBe(0);
  expect(await tell(first, "failed")).toBe(1);
  expect(await findBatch(store, batchId)).toMatchObject({
    status: "running",
    counts: { pending: 1, completed: 1, failed: 1, cancelled: 0 },
  });
  expect(await tell(third, "cancelled")).toBe(1);
  expect(await findBatch(store, batchId)).toMatchObject({
    status: "completed",
    counts: { pending: 0, completed: 1, failed: 1, cancelled: 1 },
  });
  expect(await installation.redis.lrange(installation.keys.batch(batchId).ended, 0, -1)).toEqual([
    "2",
    "1",
    "3",
  ]);
});

test("[store.batch.expiry] when a batch has ended its keys expire with its longest-lived job, and the sweeper forgets it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi(600);
  const upload = await openBatch(store);
  const [line] = uploadLines(1, { ...CHAT_REQUEST, retention_seconds: 5_000 });
  if (!line) throw new Error("no line");
  await upload.write([
    line,
    ...uploadLines(2).slice(1),
    { line: 3, content: Buffer.of(1), rejection: REJECTION },
  ]);
  await upload.close("complete");
  const { batchId } = upload;
  const ends = [1, 2].map((number) => ({ jobId: batchJobId(batchId, number), status: "completed" as const }));
  await countBatchEnds(batchId, ends, installation);
  for (const key of batchScriptKeys(keys, batchId)) {
    expect(await redis.ttl(key)).toBeGreaterThan(4_900);
    await redis.del(key);
  }
  vi.useFakeTimers({ now: Date.now() + 120_000, toFake: ["Date"] });
  try {
    await sweep(installation, batchId).catch(() => undefined);
  } finally {
    vi.useRealTimers();
  }
  expect(await redis.exists(keys.batches, keys.batchIndex(TENANT))).toBe(0);
});

const REJECTION = { line: 3, custom_id: null, code: "invalid_json", message: "x" };

test("[store.batch.sweep.ends] an end that nobody has told is found by the sweeper", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  const batchId = await submitBatch(store, 2, CHAT_REQUEST);
  // As a worker does that dies before it tells the batch.
  await (await claimChat(installation, batchJobId(batchId, 1))).finish(FAILED);
  await (await claimChat(installation, batchJobId(batchId, 2))).finish(CHAT_DONE as never);
  expect((await findBatch(store, batchId)).counts.pending).toBe(2);
  await sweep(installation, batchId);
  expect(await findBatch(store, batchId)).toMatchObject({
    status: "completed",
    counts: { pending: 0, completed: 1, failed: 1, cancelled: 0 },
  });
});

test("[store.batch.sweep.upload] the sweeper closes an upload whose api has died, and its lines are right", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const upload = await openBatch(store, "key");
  await upload.write(uploadLines(3));
  await vi.waitFor(
    async () => expect((await redis.get(keys.batch(upload.batchId).states)) ?? "").toBe("qqq"),
    PATIENCE_MS,
  );
  const { record, states } = keys.batch(upload.batchId);
  // Line 1 has its job and was not confirmed, line 4 was taken and its job never written.
  await redis.setrange(states, 0, "w");
  await redis.setrange(states, 3, "w");
  await redis.hset(record, { upload_until: 0, accepted: 4 });
  await sweep(installation, upload.batchId);
  expect(await findBatch(store, upload.batchId)).toMatchObject({
    upload: "cut",
    status: "running",
    accepted: 3,
  });
  expect(await redis.get(states)).toBe("qqq\0");
  await expect(upload.write(uploadLines(5).slice(4)).then(() => upload.close("complete"))).rejects.toThrow(
    "superseded",
  );

  const again = await openBatch(store, "key");
  expect(again).toMatchObject({ batchId: upload.batchId, isResumed: true });
  await again.write(uploadLines(5));
  expect(await again.close("complete")).toMatchObject({ accepted: 5, rejected: 0, upload: "complete" });
  expect(await redis.llen(keys.log(batchJobId(upload.batchId, 1)))).toBe(1);
});

test("[store.batch.sweep.cancel] a cancel goes on in a worker when its api has died", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const batchId = await submitBatch(store, 120);
  await redis.millraceBatchCancel(...batchScriptKeys(keys, batchId), keys.batchEvents(batchId));
  const sweeper = installation.createWorker().createSweeper();
  installation.onRelease(() => sweeper.close());
  await makeDue(installation, batchId);
  await sweeper.sweep();
  await vi.waitFor(
    async () =>
      expect(await findBatch(store, batchId)).toMatchObject({
        status: "cancelled",
        counts: { cancelled: 120 },
      }),
    PATIENCE_MS,
  );
});

test("[store.batch.retry] a batch whose failed job is retried runs again, and counts how it ends at last", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  const batchId = await submitBatch(store, 1, CHAT_REQUEST);
  const jobId = batchJobId(batchId, 1);
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

test("[store.batch.cap] lines that the key's cap has refused for too long are not the batch's", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const { batchId } = await openBatch(store);
  const token = (await redis.hget(keys.batch(batchId).record, "upload_token")) ?? "";
  let room = 2;
  const upload = new BatchUpload({
    batchId,
    token,
    isResumed: false,
    redis,
    keys,
    retentionSeconds: 600,
    submit: () => {
      room -= 1;
      return room < 0 ? Promise.reject(new QueueFullError(2)) : Promise.resolve();
    },
    read: () => store.batches.find(TENANT, batchId),
    signal: never,
    capWaitMs: 0,
  });
  await upload.write(uploadLines(20));
  await expect(upload.close("complete")).rejects.toThrow(QueueFullError);
  expect(await findBatch(store, batchId)).toMatchObject({
    upload: "cut",
    accepted: 2,
    counts: { pending: 2 },
  });
});
