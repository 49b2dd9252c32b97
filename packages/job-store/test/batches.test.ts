import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import type { Answer } from "../src/redis/answer.ts";
import { BatchSweep } from "../src/batches/batch-sweep.ts";
import type { BatchUpload } from "../src/batches/batch-upload.ts";
import { Batches } from "../src/batches/batches.ts";
import { countBatchEnds } from "../src/batches/batch-ends.ts";
import { batchJobId } from "../src/batches/batch-id.ts";
import { batchScriptKeys } from "../src/batches/batch-record.ts";
import { findBatch, makeDue, openBatch, submitBatch, sweepBatch, uploadLines } from "./support/batches.ts";
import { CHAT_DONE, CHAT_REQUEST, claimChat } from "./support/chat-jobs.ts";
import { never, PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, silentLogger, TENANT, type Installation } from "./support/test-installation.ts";

const FAILED = {
  status: "failed",
  error: { code: "tool_error", message: "", retryable: false },
  result: null,
} as const;

test("[store.batch.counts] a job's end counts once, however often and in whatever order it is told", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  const batchId = await submitBatch(store, 3);
  const [first = "", second = "", third = ""] = [1, 2, 3].map((line) => batchJobId(batchId, line));
  const tell = (jobId: string, status: "completed" | "failed" | "cancelled") =>
    countBatchEnds(batchId, [{ jobId, status, generation: 0 }], installation);
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
  const { redis, keys } = installation;
  expect(await redis.lrange(keys.batch(batchId).ended, 0, -1)).toEqual(["2", "1", "3"]);
  // A completed job cannot run again, and one that has ended has been written: whatever says so is late.
  await redis.millraceBatchConfirm(...batchScriptKeys(keys, batchId), 1, 2, 3);
  const late = { jobId: second, status: "failed", generation: 1 } as const;
  expect(await countBatchEnds(batchId, [late], installation)).toBe(0);
  await redis.millraceBatchReopened(...batchScriptKeys(keys, batchId), keys.batchEvents(batchId), 2, 1);
  expect(await redis.get(keys.batch(batchId).states)).toBe("fcx");
});

test("[store.batch.expiry] when a batch has ended its keys expire with its longest-lived job, and the sweeper forgets it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi(600);
  const upload = await openBatch(store);
  const [line] = uploadLines(1, { ...CHAT_REQUEST, retention_seconds: 5_000 });
  if (!line) throw new Error("no line");
  // What comes later lives less long.
  await upload.write([line]);
  await upload.write([...uploadLines(2).slice(1), { line: 3, content: Buffer.of(1), rejection: REJECTION }]);
  await upload.close("complete");
  const { batchId } = upload;
  const ends = [1, 2].map((number) => ({
    jobId: batchJobId(batchId, number),
    status: "completed" as const,
    // The second has been retried.
    generation: number - 1,
  }));
  await countBatchEnds(batchId, ends, installation);
  for (const key of batchScriptKeys(keys, batchId)) {
    expect(await redis.ttl(key)).toBeGreaterThan(4_900);
    await redis.del(key);
  }
  const later = { now: () => Date.now() + 120_000 };
  await sweepBatch(installation, batchId, later).catch(() => undefined);
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
  await sweepBatch(installation, batchId);
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
  await sweepBatch(installation, upload.batchId);
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

test("[store.batch.sweep.alive] an upload that goes on after a long silence is not closed by the sweeper", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const upload = await openBatch(installation.createApi(), "key");
  const { record, states } = keys.batch(upload.batchId);
  await redis.hset(record, "upload_until", 0);
  await upload.write(uploadLines(1));
  await vi.waitFor(async () => expect(await redis.get(states)).toBe("q"), PATIENCE_MS);
  await sweepBatch(installation, upload.batchId);
  await upload.write(uploadLines(2).slice(1));
  expect(await upload.close("complete")).toMatchObject({ upload: "complete", accepted: 2 });
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
  // The sweeper has nothing more to go on with.
  expect(await redis.hexists(keys.batch(batchId).record, "cancelling")).toBe(0);
});

/** An api's part and a sweeper's, on the connection of the test. */
function createParts({ redis, keys }: Installation) {
  const parts = { redis, keys, clock: systemClock, cancelling: undefined as never, logger: silentLogger };
  const answer: Answer = (commands) => commands();
  const more = {
    subscriptions: undefined as never,
    writers: [],
    retentionSeconds: 600,
    answer,
    read: answer,
  };
  return { batches: new Batches({ ...parts, ...more }), sweep: new BatchSweep(parts) };
}

test.each(["opens it", "looks at it"])(
  "[store.batch.sweep.resumed] a batch that is sent again is looked at soon, also when the sweeper comes while one %s",
  async (moment) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const store = installation.createApi();
    const first = await openBatch(store, "key");
    await first.close("complete");
    const { batchId } = first;
    const { batches, sweep } = createParts(installation);
    let second: BatchUpload | undefined;
    const open = async () => {
      second = await batches.open({ tenant: TENANT, options: {}, idempotencyKey: "key", signal: never });
    };
    await makeDue(installation, batchId);
    if (moment === "opens it") {
      vi.spyOn(redis, "millraceBatchOpen").mockImplementationOnce(async (...values) => {
        await sweep.step();
        return await redis.millraceBatchOpen(...values);
      });
      await open();
    } else {
      vi.spyOn(redis, "pttl").mockImplementationOnce(async (key) => {
        const left = await redis.pttl(key);
        await open();
        return left;
      });
      await sweep.step();
    }
    const due = await redis.zscore(keys.batches, `${batchId} ${TENANT}`);
    expect(Number(due)).toBeLessThan(Date.now() + PATIENCE_MS);
    await second?.close("cut");
  },
);

test("[store.batch.sweep.opened] a batch that is opened long after its key was taken is not forgotten by a sweeper that comes meanwhile", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { batches, sweep } = createParts(installation);
  const open = () => batches.open({ tenant: TENANT, options: {}, idempotencyKey: "key", signal: never });
  vi.useFakeTimers({ now: Date.now() - 120_000, toFake: ["Date"] });
  try {
    vi.spyOn(redis, "millraceBatchOpen").mockRejectedValueOnce(new Error("the api died"));
    await expect(open()).rejects.toThrow("the api died");
  } finally {
    vi.useRealTimers();
  }
  vi.spyOn(redis, "millraceBatchOpen").mockImplementationOnce(async (...values) => {
    await sweep.step();
    return await redis.millraceBatchOpen(...values);
  });
  const upload = await open();
  expect(await redis.zrange(keys.batchIndex(TENANT), "0", "-1")).toEqual([upload.batchId]);
  expect(await redis.zrange(keys.batches, "0", "-1")).toEqual([`${upload.batchId} ${TENANT}`]);
  await upload.close("cut");
});
