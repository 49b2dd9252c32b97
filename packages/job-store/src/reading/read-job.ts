import type { Redis } from "ioredis";
import { isJobId } from "../job-id.ts";
import type { Keys } from "../keys.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { maySee, type Viewer } from "./viewer.ts";
import { isWholeLog } from "./whole-log.ts";

/** A job's record, the length of its log, and the log's first and last event as they are stored. */
export interface JobReading {
  record: JobRecord;
  logLength: number;
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
  const pipeline = redis.pipeline().hgetall(keys.record(jobId)).llen(log).lindex(log, 0).lindex(log, -1);
  const [hash, logLength, first, last] = pipelineReplies(await pipeline.exec());
  const record = parseRecord(hash as Record<string, string>);
  if (!record || !maySee(viewer, record.tenant)) return null;
  if (!isWholeLog(first) || typeof last !== "string") return null;
  return { record, logLength: logLength as number, first, last };
}
