import { expect, test } from "vitest";
import { isJobId, jobIdTime } from "../job-id.ts";
import { batchIdTime, batchJobId, createBatchId, isBatchId, isJobOfBatch, lineOfJob } from "./batch-id.ts";

test("[store.batch.id] the id of a batch's job is made of the batch's and its line, and sorts by line", () => {
  const now = Date.now();
  const batchId = createBatchId(now);
  expect(isBatchId(batchId)).toBe(true);
  expect(batchIdTime(batchId)).toBe(now);
  const lines = [1, 2, 31, 32, 33, 1_023, 1_024, 999_999, 10_000_000];
  const ids = lines.map((line) => batchJobId(batchId, line));
  expect(ids.map((id) => lineOfJob(id))).toEqual(lines);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) {
    expect(isJobId(id)).toBe(true);
    expect(jobIdTime(id)).toBe(now);
    expect(isJobOfBatch(id, batchId)).toBe(true);
    expect(isJobOfBatch(id, createBatchId(now))).toBe(false);
  }
});
