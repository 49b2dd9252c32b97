import type { Redis } from "ioredis";
import { isJobId } from "../job-id.ts";
import type { Keys } from "../keys.ts";
import { maySee, type Viewer } from "../reading/viewer.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { pipelineReplies } from "../redis/unavailable.ts";

/** A job's record, and the first and the last event of its log as they are stored. */
export interface JobReading {
  record: JobRecord;
  first: string;
  last: string;
}

/** Null when there is no such job for this viewer, or when it is not there whole. */
export async function readJob(
  { redis, keys }: { redis: Redis; keys: Keys },
  viewer: Viewer,
  jobId: string,
): Promise<JobReading | null> {
  if (!isJobId(jobId)) return null;
  const log = keys.log(jobId);
  const replies = await redis.pipeline().hgetall(keys.record(jobId)).lindex(log, 0).lindex(log, -1).exec();
  const [hash, first, last] = pipelineReplies(replies);
  const record = parseRecord(hash as Record<string, string>);
  if (!record || !maySee(viewer, record.tenant)) return null;
  if (typeof first !== "string" || typeof last !== "string") return null;
  return { record, first, last };
}
