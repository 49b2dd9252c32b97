import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";

/** BullMQ's own event stream is read by nobody here; its default keeps 10,000 entries. */
const EVENT_STREAM_LENGTH = 100;

interface OpenQueueOptions {
  redis: Redis;
  keys: Keys;
  logger: Logger;
  settings?: NonNullable<QueueOptions["settings"]>;
}

/** One of BullMQ's queues, to put entries into. */
export function openQueue<Data>(
  name: string,
  { redis, keys, logger, settings }: OpenQueueOptions,
): Queue<Data> {
  const queue = new Queue<Data>(name, {
    connection: redis,
    prefix: keys.queuePrefix(name),
    // Ready at once, so that a Redis that is away fails a submission instead of holding it.
    skipWaitingForReady: true,
    skipVersionCheck: true,
    streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
    ...(settings ? { settings } : {}),
  });
  queue.on("error", (error) => logger.debug({ queue: name, reason: error.message }, "queue connection"));
  return queue;
}
