import type { Redis } from "ioredis";
import { priorityOf, type Admission } from "../admission/admission.ts";
import type { Gate } from "../admission/gate.ts";
import { reopenInBatch } from "../batches/batch-ends.ts";
import { parseBatch } from "../batches/batch-record.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { jobIdOf } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { redisNowMs } from "../redis/redis-now.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";

/** A submission takes milliseconds. One that is noted for longer than this was cut off. */
const CUT_OFF_AFTER_MS = 5_000;
/** A submission that is not whole after this time will not be completed by its own process. */
const GIVEN_UP_AFTER_MS = 60_000;
const PAGE_LENGTH = 500;

export interface RecoveryDependencies {
  redis: Redis;
  keys: Keys;
  admission: Admission;
  logger: Logger;
}

/**
 * Completes submissions that were cut off: a job with a record is put into its queue (where it may be already:
 * then nothing changes), one that is not there whole is deleted, since nobody was told that it exists. A note stays
 * until its repair has worked; one whose repair fails goes behind the others, which would never be looked at where many
 * fail. Returns how many jobs it put into their queues.
 */
export async function recoverSubmissions({
  redis,
  keys,
  admission,
  logger,
}: RecoveryDependencies): Promise<number> {
  const now = await redisNowMs(redis);
  const noted = await redis.zrangebyscore(
    keys.submissions,
    "-inf",
    now - CUT_OFF_AFTER_MS,
    "WITHSCORES",
    "LIMIT",
    0,
    PAGE_LENGTH,
  );
  let recovered = 0;
  for (let index = 0; index < noted.length; index += 2) {
    const note = noted[index] ?? "";
    const givenUp = Number(noted[index + 1]) < now - GIVEN_UP_AFTER_MS;
    try {
      if (await recoverOne(note, givenUp, { redis, keys, admission }, now)) recovered += 1;
    } catch (error) {
      logger.warn(
        { job_id: jobIdOf(note), reason: String(error) },
        "A submission that was cut off stays so for now",
      );
      await redis.zadd(keys.submissions, "XX", now, note);
    }
  }
  return recovered;
}

/** The note is the job's id, or that of the entry with which it is retried. */
async function recoverOne(
  note: string,
  givenUp: boolean,
  { redis, keys, admission }: Omit<RecoveryDependencies, "logger">,
  now: number,
): Promise<boolean> {
  const jobId = jobIdOf(note);
  const reads = redis.pipeline().hgetall(keys.record(jobId)).lindex(keys.log(jobId), 0);
  const [hash, first] = pipelineReplies(await reads.exec());
  const record = parseRecord(hash as Record<string, string>);
  const isWhole = record !== null && typeof first === "string";
  if (!isWhole && !givenUp) return false;
  // A repeat under the same idempotency key may have written it meanwhile: then the next pass looks at it.
  if (!isWhole && (await redis.millraceDeletePartial(keys.record(jobId), keys.log(jobId))) === 0)
    return false;
  const isQueued = isWhole && record.status === "queued";
  if (isQueued) {
    const queued = JSON.parse(first) as QueuedEvent;
    await list(jobId, record, { redis, keys });
    const { batchId, generation } = record;
    if (batchId && generation > 0) await reopenInBatch(batchId, { jobId, generation }, { redis, keys, now });
    const gate = await gateOf(record, { redis, keys });
    await enter(jobId, record, queued, { admission, now, gate });
  }
  await redis.zrem(keys.submissions, note);
  return isQueued;
}

/** A job that was to be taken back, and stays, may be missing where jobs are listed; a retried one may lack its deadline. */
async function list(
  jobId: string,
  { tenant, queueDeadline }: JobRecord,
  { redis, keys }: Pick<RecoveryDependencies, "redis" | "keys">,
): Promise<void> {
  await redis.zadd(keys.index(tenant), 0, jobId);
  await redis.sadd(keys.tenants, tenant);
  if (queueDeadline !== null) await redis.zadd(keys.queueDeadlines, queueDeadline, jobId);
}

/** The gate of a new job that is a line of a batch. One that is retried has none. */
async function gateOf(
  { batchId, generation }: JobRecord,
  { redis, keys }: Pick<RecoveryDependencies, "redis" | "keys">,
): Promise<Gate | undefined> {
  if (batchId === null || generation > 0) return undefined;
  const batch = parseBatch(await redis.hgetall(keys.batch(batchId).record));
  const limit = batch?.options.concurrency;
  return limit === undefined ? undefined : { id: batchId, limit };
}

/** Lets a job in as its submission would have done; nothing changes when it is in already. */
async function enter(
  jobId: string,
  { tenant, type, generation }: JobRecord,
  { request, time }: QueuedEvent,
  { admission, now, gate }: { admission: Admission; now: number; gate: Gate | undefined },
): Promise<void> {
  const job = { entry: { jobId, generation }, priority: priorityOf(request), gate };
  const delayMs = Date.parse(time) + (request.delay_ms ?? 0) - now;
  const isDelayed = generation === 0 && request.delay_ms !== undefined;
  if (isDelayed && delayMs > 0) await admission.enterLater({ tenant, type }, job, delayMs);
  else await admission.enter({ tenant, type }, [job]);
}
