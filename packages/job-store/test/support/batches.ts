import type { Batch, JobRequest } from "@millrace/contracts";
import { expect } from "vitest";
import { BatchUpload } from "../../src/batches/batch-upload.ts";
import type { UploadLine } from "../../src/batches/upload-line.ts";
import type { Clock } from "../../src/clock.ts";
import type { JobStore } from "../../src/job-store.ts";
import type { Submission } from "../../src/submission/submission.ts";
import { never } from "./run-jobs.ts";
import { REQUEST, TENANT, type Installation } from "./test-installation.ts";

/** Lines from 1 on, as an upload brings them. */
export function uploadLines(count: number, request: JobRequest = REQUEST): UploadLine[] {
  return Array.from({ length: count }, (_, index) => ({
    line: index + 1,
    content: Buffer.from(`line ${index + 1}`),
    job: { newJob: { tenant: TENANT, request }, customId: `c${index + 1}`, concurrency: undefined },
  }));
}

export function openBatch(store: JobStore, idempotencyKey: string | null = null) {
  return store.batches.open({ tenant: TENANT, options: {}, idempotencyKey, signal: never });
}

/** An upload of its own whose submissions end as `submit` says, and which waits at the cap for so long. */
export async function uploadWith(
  { redis, keys }: Installation,
  store: JobStore,
  submit: (submission: Submission) => Promise<unknown>,
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
    submit,
    read: () => store.batches.find(TENANT, batchId),
    signal: never,
    capWaitMs,
  });
}

/** A whole batch; resolves with its id. */
export async function submitBatch(store: JobStore, count: number, request?: JobRequest): Promise<string> {
  const upload = await openBatch(store);
  await upload.write(uploadLines(count, request));
  await upload.close("complete");
  return upload.batchId;
}

export async function findBatch(store: JobStore, batchId: string): Promise<Batch> {
  const batch = await store.batches.find(TENANT, batchId);
  if (!batch) throw new Error("there is no such batch");
  return batch;
}

/** Makes the sweeper look at a batch at its next step. */
export async function makeDue({ redis, keys }: Installation, batchId: string): Promise<void> {
  expect(await redis.zadd(keys.batches, "XX", "CH", 0, `${batchId} ${TENANT}`)).toBe(1);
}

/** Steps of a sweeper that looks at this batch; with a clock, as if it were that late. */
export async function sweepBatch(installation: Installation, batchId: string, clock?: Clock): Promise<void> {
  const sweeper = installation.createWorker(clock ? { clock } : {}).createSweeper();
  for (let pass = 0; pass < 2; pass += 1) {
    await makeDue(installation, batchId);
    await sweeper.sweep();
  }
  await sweeper.close();
}
