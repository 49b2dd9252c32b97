import type { JobError, JobStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import type { TerminalEvent } from "../reading/terminal-event.ts";
import { parseRecord } from "../record.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";

/** What a schedule tells of the job that it made last. */
export interface LastJob {
  status: JobStatus;
  error: JobError | null;
}

/** How these jobs stand, by id; those that have expired are left out. Reads the outcome of a failed one alone. */
export async function readLastJobs(
  { redis, keys }: { redis: Redis; keys: Keys },
  jobIds: readonly string[],
): Promise<Map<string, LastJob>> {
  if (jobIds.length === 0) return new Map();
  const pipeline = redis.pipeline();
  for (const id of jobIds) pipeline.hgetall(keys.record(id));
  const hashes = pipelineReplies(await pipeline.exec()) as Record<string, string>[];
  const lastJobs = new Map<string, LastJob>();
  for (const [index, id] of jobIds.entries()) {
    const record = parseRecord(hashes[index] ?? {});
    if (!record) continue;
    const { status } = record;
    // One by one: a tool that fails may say as much as one that succeeds.
    const last = status === "failed" ? await redis.lindex(keys.log(id), -1) : null;
    const error = last === null ? null : ((JSON.parse(last) as TerminalEvent).error ?? null);
    lastJobs.set(id, { status, error });
  }
  return lastJobs;
}
