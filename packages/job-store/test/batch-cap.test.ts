import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { QueueFullError } from "../src/admission/tenant-limits.ts";
import { batchJobId } from "../src/batches/batch-id.ts";
import type { BatchUpload } from "../src/batches/batch-upload.ts";
import type { JobStore } from "../src/job-store.ts";
import type { Submission } from "../src/submission/submission.ts";
import { findBatch, openBatch, sweepBatch, uploadLines, uploadWith } from "./support/batches.ts";
import { PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

test("[store.batch.cap] lines that the key's cap has refused for too long are not the batch's", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  let room = 2;
  const upload = await uploadWith(installation, store, () => {
    room -= 1;
    return room < 0 ? Promise.reject(new QueueFullError(2)) : Promise.resolve();
  });
  await upload.write(uploadLines(20));
  await expect(upload.close("complete")).rejects.toThrow(QueueFullError);
  expect(await findBatch(store, upload.batchId)).toMatchObject({
    upload: "cut",
    accepted: 2,
    counts: { pending: 2 },
  });
});

test("[store.batch.cap.cancel] an upload that waits at the key's cap makes no more jobs once its batch is cancelled", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  let submitted = 0;
  const submit = async ({ batch }: Submission) => {
    submitted += 1;
    if (submitted > 20) return;
    await store.batches.cancel(TENANT, batch?.id ?? "");
    throw new QueueFullError(2);
  };
  const upload = await uploadWith(installation, store, submit, PATIENCE_MS);
  await upload.write(uploadLines(20));
  await expect(upload.close("complete")).rejects.toThrow("cancelled");
  expect(submitted).toBe(20);
  await sweepBatch(installation, upload.batchId);
  expect(await findBatch(store, upload.batchId)).toMatchObject({ status: "cancelled", accepted: 0 });
});

test("[store.batch.cap.superseded] an upload that gives up at the key's cap takes no lines of a newer one back", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  let newer: Promise<BatchUpload> | undefined;
  const older = await uploadWith(installation, store, async () => {
    await (newer ??= openBatch(store, "key"));
    throw new QueueFullError(2);
  });
  await older.write(uploadLines(20));
  await expect(older.close("complete")).rejects.toThrow(QueueFullError);
  expect(await findBatch(store, older.batchId)).toMatchObject({ upload: "receiving", accepted: 20 });
  await (await newer)?.write(uploadLines(20));
  expect(await (await newer)?.close("complete")).toMatchObject({ upload: "complete", accepted: 20 });
});

/** An upload of three lines whose jobs are just being written. What it has is written when `go` is called. */
async function uploadInFlight(installation: Installation, store: JobStore) {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const upload = await uploadWith(installation, store, async (submission) => {
    begun.resolve();
    await gone.promise;
    await store.submit(submission);
  });
  await upload.write(uploadLines(3));
  await begun.promise;
  return { upload, go: gone.resolve };
}

test("[store.batch.cancel.upload] jobs that an upload was writing when its batch was cancelled are cancelled as well", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  const { upload, go } = await uploadInFlight(installation, store);
  await store.batches.cancel(TENANT, upload.batchId);
  await sweepBatch(installation, upload.batchId);
  expect(await findBatch(store, upload.batchId)).toMatchObject({ upload: "cut", counts: { pending: 3 } });
  go();
  expect(await upload.close("complete")).toMatchObject({ upload: "cut" });
  await sweepBatch(installation, upload.batchId);
  expect(await findBatch(store, upload.batchId)).toMatchObject({
    status: "cancelled",
    accepted: 3,
    counts: { pending: 0, cancelled: 3 },
  });
});

test("[store.batch.taken-over] what an upload was writing when a newer one took over is the batch's, also when that is cut off at once", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const { upload: older, go } = await uploadInFlight(installation, store);
  await (await openBatch(store, "key")).close("cut");
  await sweepBatch(installation, older.batchId);
  go();
  await older.close("cut");
  await sweepBatch(installation, older.batchId);
  expect(await findBatch(store, older.batchId)).toMatchObject({ accepted: 3, counts: { pending: 3 } });
  // A line of it whose job did not come in time never had one.
  const { record, states } = keys.batch(older.batchId);
  await redis.setrange(states, 3, "w");
  await redis.hset(record, { accepted: 4, overtaken_until: 1 });
  await sweepBatch(installation, older.batchId);
  expect(await findBatch(store, older.batchId)).toMatchObject({ accepted: 3, counts: { pending: 3 } });
});

test("[store.batch.resume.unwritten] a line that was taken, never written and then sent again changed, rejected or empty counts as no job", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const cut = await uploadWith(installation, store, () => Promise.reject(new Error("the api died")));
  await cut.write(uploadLines(4));
  await cut.close("cut");
  const { batchId } = cut;
  const [one, two, , , five] = uploadLines(5);
  if (!one || !two || !five) throw new Error("no lines");
  const changed = { ...two, content: Buffer.from("changed") };
  const rejection = { line: 3, custom_id: null, code: "unknown_tool", message: "x" };
  const rejected = { line: 3, content: Buffer.from("line 3"), rejection };
  const again = await openBatch(store, "key");
  await again.write([one, changed, rejected, five]);
  await again.close("complete");
  await sweepBatch(installation, batchId);
  expect(await redis.get(keys.batch(batchId).states)).toBe("qrr\0q");
  expect(await findBatch(store, batchId)).toMatchObject({
    accepted: 2,
    rejected: 2,
    counts: { pending: 2, failed: 0 },
    rejections: [{ line: 2, code: "idempotency_mismatch" }, rejection],
  });
  const third = await openBatch(store, "key");
  await third.write([one, changed]);
  expect(await third.close("complete")).toMatchObject({ accepted: 3, rejected: 1 });
  expect(await redis.exists(keys.record(batchJobId(batchId, 2)))).toBe(1);
});

test("[store.batch.cap.progress] an upload at the key's cap goes on for as long as some of its lines get in", async () => {
  const installation = createInstallation();
  const store = installation.createApi();
  let turn: Promise<void> | null = null;
  const submit = async () => {
    // Of those that are tried together one gets in.
    if (turn) throw new QueueFullError(2);
    turn = setImmediate().then(() => void (turn = null));
    await turn;
  };
  const upload = await uploadWith(installation, store, submit, 1_500);
  await upload.write(uploadLines(12));
  expect(await upload.close("complete")).toMatchObject({ upload: "complete", accepted: 12 });
});
