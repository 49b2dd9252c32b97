import type { Redis } from "ioredis";
import { countBatchEnds } from "../batches/batch-ends.ts";
import type { Clock } from "../clock.ts";
import { terminalEvent, type JobOutcome } from "../reading/terminal-event.ts";
import type { Keys } from "../keys.ts";
import { countWaitingEnd } from "../metrics/finished-jobs.ts";
import type { JobRecord } from "../record.ts";
import { PUBLISH_BYTES_MAX } from "../run/run-writer.ts";
import type { EndWaitingReply } from "../scripts.ts";
import { noteWebhook } from "../webhooks/webhook-notes.ts";

/** Ends a job that no worker runs, provided that it still is as it was read. */
export async function endWaitingJob(
  jobId: string,
  record: JobRecord,
  outcome: JobOutcome,
  { redis, keys, clock }: { redis: Redis; keys: Keys; clock: Clock },
): Promise<EndWaitingReply> {
  const event = terminalEvent(outcome, { at: clock.now(), ...record });
  if (record.hasWebhook) await noteWebhook(jobId, { redis, keys, clock });
  const result = await redis.millraceEndWaiting(
    keys.record(jobId),
    keys.log(jobId),
    keys.events(jobId),
    record.status,
    record.generation,
    record.run,
    outcome.status,
    PUBLISH_BYTES_MAX,
    jobId,
    JSON.stringify(event),
  );
  // The worker that has just parked the job may have read the log before the end was in it, and have settled the note.
  if (record.hasWebhook && result === "ended") await noteWebhook(jobId, { redis, keys, clock });
  if (result === "ended") countWaitingEnd(record.type, outcome.status, { redis, keys });
  const { batchId, generation } = record;
  if (batchId && result === "ended") {
    await countBatchEnds(batchId, [{ jobId, status: outcome.status, generation }], { redis, keys });
  }
  return result;
}
