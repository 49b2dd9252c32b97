import type { Redis } from "ioredis";
import { isJobId } from "../job-id.ts";
import { snapshot, type JobSnapshot } from "./job-view.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/unavailable.ts";
import type { Viewer } from "./viewer.ts";

/** A job as it is now; null when the viewer has no such job. */
export async function findJob(
  { redis, keys }: { redis: Redis; keys: Keys },
  viewer: Viewer,
  jobId: string,
): Promise<JobSnapshot | null> {
  if (!isJobId(jobId)) return null;
  const log = keys.log(jobId);
  const pipeline = redis.pipeline().hgetall(keys.record(jobId)).llen(log).lindex(log, 0).lindex(log, -1);
  return snapshot(jobId, viewer, pipelineReplies(await pipeline.exec()));
}
