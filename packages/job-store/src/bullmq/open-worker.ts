import { Worker, type Processor, type WorkerOptions } from "bullmq";
import type { Redis } from "ioredis";
import { createQueueBackend } from "./queue-backend.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";

/** A worker loses a job when it has not renewed its lock on it for this long. In milliseconds. */
export const LOCK_MS = 8_000;

/**
 * A killed worker's jobs start elsewhere about 8 s later, and about 6 s of a blocked event loop are borne.
 * Take-overs are not BullMQ's to limit: at its limit it would fail the job without telling our record.
 */
const RECOVERY = {
  lockDuration: LOCK_MS,
  stalledInterval: 1_000,
  lockRenewTime: 2_000,
  maxStalledCount: 1e9,
};

/** BullMQ sets no marker for prioritized jobs that come back, so an idle worker looks again after a second. */
export const DRAIN_DELAY_SECONDS = 1;

interface OpenWorkerOptions {
  keys: Keys;
  /** BullMQ's connection. */
  queueRedis: Redis;
  logger: Logger;
}

/**
 * BullMQ's worker for one queue. It takes nothing until its `run()` is called. BullMQ counts the parameters that
 * `processor` names.
 */
export function openWorker<Data>(
  name: string,
  processor: Processor<Data>,
  { keys, queueRedis, logger }: OpenWorkerOptions,
  options: Pick<WorkerOptions, "concurrency" | "name" | "drainDelay" | "settings" | "skipLockRenewal">,
): Worker<Data> {
  const worker = new Worker<Data>(
    name,
    processor,
    { connection: queueRedis, prefix: keys.queuePrefix(name), autorun: false, ...RECOVERY, ...options },
    createQueueBackend,
  );
  worker.on("error", (error) => logger.debug({ queue: name, reason: error.message }, "queue connection"));
  return worker;
}
