import { parseRecord, type QueuedEvent } from "./record.ts";
import { admit } from "./submission.ts";
import type { SweeperOptions } from "./sweeper.ts";
import { pipelineReplies } from "./unavailable.ts";

/** A submission takes milliseconds. One that is noted for longer than this was cut off. */
const CUT_OFF_AFTER_MS = 5_000;
const BATCH = 500;

/**
 * Completes submissions that were cut off: a job with a record is put into its queue (where it may be already:
 * then nothing changes), one that is not there whole is deleted, since nobody was told that it exists.
 * Returns how many jobs it put into their queues.
 */
export async function recoverSubmissions(options: SweeperOptions): Promise<number> {
  const { redis, keys, queues, clock } = options;
  const before = clock.now() - CUT_OFF_AFTER_MS;
  const jobIds = await redis.zrangebyscore(keys.submissions, "-inf", before, "LIMIT", 0, BATCH);
  if (jobIds.length === 0) return 0;

  const reads = redis.pipeline();
  for (const jobId of jobIds) reads.hgetall(keys.record(jobId)).lindex(keys.log(jobId), 0);
  const replies = pipelineReplies(await reads.exec());

  const writes = queues.pipeline();
  let recovered = 0;
  for (const [index, jobId] of jobIds.entries()) {
    const record = parseRecord(replies[index * 2] as Record<string, string>);
    const first = replies[index * 2 + 1] as string | null;
    if (!record || first === null) writes.del(keys.record(jobId), keys.log(jobId));
    if (record?.status !== "queued" || first === null) continue;
    await admit(writes, queues, jobId, (JSON.parse(first) as QueuedEvent).request, first.length);
    recovered += 1;
  }
  writes.runCommand("zrem", [keys.submissions, ...jobIds]);
  pipelineReplies(await writes.exec());
  return recovered;
}
