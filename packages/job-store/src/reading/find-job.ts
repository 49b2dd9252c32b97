import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import { jobView, type JobSnapshot } from "./job-view.ts";
import { readJob } from "./read-job.ts";
import type { Viewer } from "./viewer.ts";

/** A job as it is now; null when the viewer has no such job. */
export async function findJob(
  dependencies: { redis: Redis; keys: Keys },
  viewer: Viewer,
  jobId: string,
): Promise<JobSnapshot | null> {
  const reading = await readJob(dependencies, viewer, jobId);
  return reading && { job: jobView(jobId, reading), logLength: reading.logLength };
}
