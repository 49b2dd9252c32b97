import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";

export const WEBHOOK_QUEUE = "webhook";

/** What travels with BullMQ: which delivery, and how often it has been replayed. */
export interface QueuedDelivery {
  jobId: string;
  n: number;
  generation: number;
}

const EVENT_STREAM_LENGTH = 100;

/** The deliveries that are under way. BullMQ executes; the records decide. */
export class WebhookQueue {
  readonly #queue: Queue<QueuedDelivery>;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#queue = new Queue<QueuedDelivery>(WEBHOOK_QUEUE, {
      connection: redis,
      prefix: keys.queuePrefix(WEBHOOK_QUEUE),
      skipVersionCheck: true,
      streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
    });
    this.#queue.on("error", (error) => logger.debug({ reason: error.message }, "queue connection"));
  }

  /** One that is in the queue already stays as it is. */
  async add(delivery: QueuedDelivery): Promise<void> {
    const { jobId, n, generation } = delivery;
    await this.#queue.add(WEBHOOK_QUEUE, delivery, {
      jobId: `${jobId}.${n}.${generation}`,
      removeOnComplete: true,
      removeOnFail: true,
      // Its runner says when it is over.
      attempts: 1e9,
      backoff: { type: "custom" },
      stackTraceLimit: 1,
    });
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
