import { Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import type { JobType } from "@millrace/contracts";
import type { QueuedJobData } from "../job-queues.ts";
import type { Logger } from "../logger.ts";

/**
 * A killed worker's jobs start elsewhere about 8 s later, and about 6 s of a blocked event loop are borne.
 * Take-overs are not BullMQ's to limit: at its limit it would fail the job without telling our record.
 */
export const RECOVERY = {
  lockDuration: 8_000,
  stalledInterval: 1_000,
  lockRenewTime: 2_000,
  maxStalledCount: 1e9,
};

/** BullMQ sets no marker for prioritized jobs that come back, so an idle worker looks again after a second. */
export const DRAIN_DELAY_SECONDS = 1;

interface QueueWorkerOptions {
  type: JobType;
  workerId: string;
  queuePrefix: string;
  /** BullMQ's connection. */
  queueRedis: Redis;
  /** Jobs of this kind at once. */
  concurrency: number;
  logger: Logger;
}

/** BullMQ's worker for one queue. It takes nothing until its `run()` is called. */
export function openQueueWorker(
  { type, workerId, queuePrefix, queueRedis, concurrency, logger }: QueueWorkerOptions,
  process: (job: Job<QueuedJobData>, token: string | undefined) => Promise<void>,
): Worker<QueuedJobData> {
  // Its processor names its parameters: BullMQ counts them.
  const worker = new Worker<QueuedJobData>(type, (job, token) => process(job, token), {
    connection: queueRedis,
    prefix: queuePrefix,
    concurrency,
    name: workerId,
    autorun: false,
    drainDelay: DRAIN_DELAY_SECONDS,
    ...RECOVERY,
  });
  worker.on("error", (error) => logger.debug({ reason: error.message }, "queue connection"));
  return worker;
}
