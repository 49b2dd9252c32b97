import { jobError } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Departures } from "../admission/departures.ts";
import type { Clock } from "../clock.ts";
import { endWaitingJob } from "./end-waiting-job.ts";
import type { JobQueues } from "../job-queues.ts";
import type { Keys } from "../keys.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { redisNowMs } from "../redis/redis-now.ts";

const BATCH = 500;

export interface QueueTimeoutDependencies {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  departures: Departures;
  clock: Clock;
}

/** Fails the jobs whose `queue_timeout_ms` is over and that no worker has started, however many they are. */
export async function failOverdueJobs(dependencies: QueueTimeoutDependencies): Promise<void> {
  const { redis, keys } = dependencies;
  const now = await redisNowMs(redis);
  let overdue: string[];
  do {
    overdue = await redis.zrangebyscore(keys.queueDeadlines, "-inf", now, "LIMIT", 0, BATCH);
    await Promise.all(overdue.map((jobId) => failOverdueJob(jobId, dependencies)));
    if (overdue.length > 0) await redis.zrem(keys.queueDeadlines, ...overdue);
  } while (overdue.length === BATCH);
}

/** The job has left its queue. Should this get lost, a sweep finds it when its time is over. */
export async function forgetQueueTimeout(
  jobId: string,
  { redis, keys }: Pick<QueueTimeoutDependencies, "redis" | "keys">,
): Promise<void> {
  await redis.zrem(keys.queueDeadlines, jobId).catch(() => 0);
}

/** Fails one such job; harmless when it has been started or has ended. */
export async function failOverdueJob(jobId: string, dependencies: QueueTimeoutDependencies): Promise<void> {
  const { redis, keys } = dependencies;
  const hash = await redis.hgetall(keys.record(jobId));
  const record = parseRecord(hash);
  // One that waits for its next attempt has left the queue before.
  if (record?.status !== "queued" || hash["queue_deadline"] === undefined) return;
  const ended = await endWaitingJob(jobId, record, overdueOutcome(record), dependencies);
  if (ended === "ended") await takeOut(jobId, record, dependencies);
}

/** Takes a job that has ended out of wherever it waits: its line, or BullMQ. Where it is not, nothing happens. */
export async function takeOut(
  jobId: string,
  { tenant, type, generation }: JobRecord,
  { queues, departures }: Pick<QueueTimeoutDependencies, "queues" | "departures">,
): Promise<void> {
  // From its line first, so that it does not come into BullMQ meanwhile.
  await departures.leave({ tenant, type }, { jobId, generation });
  await queues.remove(type, { jobId, generation });
}

function overdueOutcome({ type }: JobRecord) {
  const message = `No worker started the job within its queue_timeout_ms. Start more workers, raise ${type.toUpperCase()}_CONCURRENCY, or give it longer.`;
  return { status: "failed", error: jobError("queue_timeout", message), result: null } as const;
}
