import { expect, test, vi } from "vitest";
import { QueueFullError } from "../src/admission/tenant-limits.ts";
import { lineOfJob } from "../src/batches/batch-id.ts";
import type { JobStore } from "../src/job-store.ts";
import type { Submission } from "../src/submission/submission.ts";
import { findBatch, openBatch, uploadLines, uploadWith } from "./support/batches.ts";
import { PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import { createInstallation, RESULT, TENANT } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

async function linesAfter(store: JobStore, batchId: string, after: number): Promise<number[]> {
  const results = store.batches.results(batchId, { order: "input", after });
  const lines: number[] = [];
  for (let page = await results.next(); page.length > 0; page = await results.next()) {
    lines.push(...page.map(({ line }) => line));
  }
  return lines;
}

/** A batch of six lines whose upload is cut off at the cap: lines 3 and 4 are withdrawn, and line 6 runs on. */
async function batchWithGap() {
  const installation = createInstallation();
  const store = installation.createApi();
  const go = Promise.withResolvers<void>();
  const execute = async ({ jobId }: { jobId: string }) => {
    if (lineOfJob(jobId) === 6) await go.promise;
    return DONE;
  };
  startRunner(installation, execute, { type: "tool" });
  const upload = await uploadWith(installation, store, async (submission) => {
    if ([3, 4].includes(lineOfJob(submission.jobId))) throw new QueueFullError(4);
    await store.submit(submission);
  });
  await upload.write(uploadLines(6));
  await expect(upload.close("complete")).rejects.toThrow(QueueFullError);
  const { batchId } = upload;
  const until = (expected: object) =>
    vi.waitFor(async () => expect(await findBatch(store, batchId)).toMatchObject(expected), PATIENCE_MS);
  await until({ upload: "cut", accepted: 4, counts: { completed: 3, pending: 1 } });
  return { store, batchId, until, go: go.resolve };
}

test("[store.batch.gaps] a reader in input order gets the lines that were withdrawn at the cap when their upload goes on", async () => {
  const { store, batchId, until, go } = await batchWithGap();
  expect(await linesAfter(store, batchId, 0)).toEqual([1, 2]);
  const again = await openBatch(store, "key");
  expect(await linesAfter(store, batchId, 2)).toEqual([]);
  await again.write(uploadLines(6));
  expect(await again.close("complete")).toMatchObject({ accepted: 6 });
  go();
  await until({ status: "completed", counts: { completed: 6 } });
  expect(await linesAfter(store, batchId, 2)).toEqual([3, 4, 5, 6]);
});

test("[store.batch.gaps.ended] withdrawn lines hold nobody up in a batch that has ended", async () => {
  const { store, batchId, until, go } = await batchWithGap();
  go();
  await until({ status: "completed" });
  expect(await linesAfter(store, batchId, 0)).toEqual([1, 2, 5, 6]);
});

test("[store.batch.gaps.ended] withdrawn lines hold nobody up in a batch that is being cancelled", async () => {
  const { store, batchId, go } = await batchWithGap();
  await store.batches.cancel(TENANT, batchId);
  expect(await linesAfter(store, batchId, 0)).toContain(5);
  go();
});

test("[store.batch.gaps.ended] withdrawn lines that come again empty or rejected are waited for no longer", async () => {
  const { store, batchId, go } = await batchWithGap();
  const again = await openBatch(store, "key");
  const rejection = { line: 4, custom_id: null, code: "unknown_tool", message: "x" };
  const lines = uploadLines(6).filter(({ line }) => line !== 3 && line !== 4);
  await again.write(
    [...lines, { line: 4, content: Buffer.from("line 4"), rejection }].toSorted(
      (first, second) => first.line - second.line,
    ),
  );
  expect(await linesAfter(store, batchId, 0)).toEqual([1, 2, 5]);
  expect(await again.close("complete")).toMatchObject({ accepted: 4, rejected: 1 });
  go();
});

test("[store.batch.cap.order] lines wait at the cap for those before them in the file", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const refused = Promise.withResolvers<void>();
  const tried: number[] = [];
  let isFull = true;
  const submit = ({ jobId }: Submission) => {
    tried.push(lineOfJob(jobId));
    if (!isFull) return Promise.resolve();
    refused.resolve();
    return Promise.reject(new QueueFullError(2));
  };
  const upload = await uploadWith(installation, store, submit, PATIENCE_MS);
  const lines = uploadLines(6);
  await upload.write(lines.slice(0, 3));
  await refused.promise;
  const second = upload.write(lines.slice(3));
  const taken = async () => expect(await redis.get(keys.batch(upload.batchId).states)).toBe("wwwwww");
  await vi.waitFor(taken, PATIENCE_MS);
  isFull = false;
  await second;
  expect(await upload.close("complete")).toMatchObject({ accepted: 6 });
  expect(tried.filter((line) => line > 3)).toEqual([4, 5, 6]);
  expect(tried.slice(-3)).toEqual([4, 5, 6]);
});
