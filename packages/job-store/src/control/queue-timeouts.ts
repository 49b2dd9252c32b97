import { jobError } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Departures } from "../admission/departures.ts";
import type { Clock } from "../clock.ts";
import { endWaitingJob } from "./end-waiting-job.ts";
import type { JobQueues } from "../job-queues.ts";
import type { QueueEntry } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { redisNowMs } from "../redis/redis-now.ts";

const PAGE_LENGTH = 500;

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
  const failures: unknown[] = [];
  let length: number;
  do {
    // What has failed stays noted, in front of the others.
    const page = ["LIMIT", failures.length, PAGE_LENGTH] as const;
    const scored = await redis.zrangebyscore(keys.queueDeadlines, "-inf", now, "WITHSCORES", ...page);
    const overdue = scored.filter((_, index) => index % 2 === 0);
    // One that waits for its next attempt has left the queue before, and one that was retried has a time of its own.
    const isOverdue = ({ queueDeadline }: JobRecord) => queueDeadline !== null && queueDeadline <= now;
    const outcomes = await Promise.allSettled(
      overdue.map(async (jobId, index) => {
        await failIf(isOverdue, jobId, dependencies);
        await forgetDeadline(jobId, Number(scored[2 * index + 1]), dependencies);
      }),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") failures.push(outcome.reason);
    length = overdue.length;
  } while (length === PAGE_LENGTH);
  if (failures.length > 0) throw failures[0];
}

/** The job has ended that had this deadline. One that has been retried since keeps the one that it has now. */
export async function forgetDeadline(
  jobId: string,
  deadline: number,
  { redis, keys }: Pick<QueueTimeoutDependencies, "redis" | "keys">,
): Promise<void> {
  await redis.millraceSettleNote(keys.queueDeadlines, jobId, deadline).catch(() => 0);
}

/** The job has been started. Should this get lost, a sweep finds it when its time is over. */
export async function forgetQueueTimeout(
  jobId: string,
  { redis, keys }: Pick<QueueTimeoutDependencies, "redis" | "keys">,
): Promise<void> {
  await redis.zrem(keys.queueDeadlines, jobId).catch(() => 0);
}

/** Fails a job that was too late for its claim; harmless when it has been started, has ended or has been retried. */
export async function failOverdueJob(
  { jobId, generation }: QueueEntry,
  dependencies: QueueTimeoutDependencies,
): Promise<void> {
  // The claim has looked at the time.
  await failIf((record) => record.generation === generation, jobId, dependencies);
}

async function failIf(
  isOverdue: (record: JobRecord) => boolean,
  jobId: string,
  dependencies: QueueTimeoutDependencies,
): Promise<void> {
  const { redis, keys } = dependencies;
  const record = parseRecord(await redis.hgetall(keys.record(jobId)));
  if (record?.status !== "queued" || !isOverdue(record)) return;
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
