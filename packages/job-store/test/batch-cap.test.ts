import { expect, test } from "vitest";
import { QueueFullError } from "../src/admission/tenant-limits.ts";
import { BatchUpload } from "../src/batches/batch-upload.ts";
import type { JobStore } from "../src/job-store.ts";
import { findBatch, openBatch, sweepBatch, uploadLines } from "./support/batches.ts";
import { never, PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

/** An upload of its own whose submissions end as `submit` says, and which waits at the cap for so long. */
async function uploadWith(
  { redis, keys }: Installation,
  store: JobStore,
  submit: (batchId: string) => Promise<unknown>,
  capWaitMs = 0,
): Promise<BatchUpload> {
  const { batchId } = await openBatch(store, "key");
  const token = (await redis.hget(keys.batch(batchId).record, "upload_token")) ?? "";
  return new BatchUpload({
    batchId,
    token,
    isResumed: false,
    redis,
    keys,
    retentionSeconds: 600,
    submit: () => submit(batchId),
    read: () => store.batches.find(TENANT, batchId),
    signal: never,
    capWaitMs,
  });
}

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
  const submit = async (batchId: string) => {
    submitted += 1;
    if (submitted > 20) return;
    await store.batches.cancel(TENANT, batchId);
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
