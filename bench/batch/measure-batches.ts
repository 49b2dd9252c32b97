import type { Figure } from "../figure.ts";
import type { BatchBench } from "./batch-bench.ts";
import { measureBatchJobs } from "./batch-jobs.ts";
import { measureIngest } from "./ingest.ts";

/** Every figure of batches. Each is measured on processes of its own. */
export async function measureBatches(bench: BatchBench): Promise<Figure[]> {
  return [...(await measureBatchJobs(bench)), ...(await measureIngest(bench))];
}
