import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { DeliveryRecords } from "./delivery-records.ts";
import { WebhookDispatch } from "./webhook-dispatch.ts";
import { WebhookQueue } from "./webhook-queue.ts";
import { WebhookRunner, type SendWebhook } from "./webhook-runner.ts";

export interface WorkerWebhooksOptions {
  redis: Redis;
  /** BullMQ's connection. */
  queueRedis: Redis;
  keys: Keys;
  clock: Clock;
  logger: Logger;
}

/** What a worker does for webhooks: it queues what they have to be told, and delivers it. */
export function createWorkerWebhooks(options: WorkerWebhooksOptions) {
  const { redis, queueRedis, keys, logger } = options;
  const queue = new WebhookQueue(queueRedis, keys, logger);
  const records = new DeliveryRecords(redis, keys);
  return {
    dispatch: new WebhookDispatch({ ...options, records, queue }),
    createRunner: (send: SendWebhook): WebhookRunner => new WebhookRunner({ ...options, records, send }),
    close: (): Promise<void> => queue.close(),
  };
}
