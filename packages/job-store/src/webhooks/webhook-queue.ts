import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { openQueue } from "../bullmq/open-queue.ts";
import { UNTIL_DONE } from "../bullmq/until-done.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";

export const WEBHOOK_QUEUE = "webhook";

/** What BullMQ keeps of a delivery: which one it is, and how often it has been replayed. */
export interface QueuedDelivery {
  jobId: string;
  n: number;
  generation: number;
}

/** The deliveries that are under way. BullMQ executes; the records decide. */
export class WebhookQueue {
  readonly #queue: Queue<QueuedDelivery>;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#queue = openQueue(WEBHOOK_QUEUE, { redis, keys, logger });
  }

  /** One that is in the queue already stays as it is. */
  async add(delivery: QueuedDelivery): Promise<void> {
    const { jobId, n, generation } = delivery;
    await this.#queue.add(WEBHOOK_QUEUE, delivery, {
      jobId: `${jobId}.${n}.${generation}`,
      ...UNTIL_DONE,
      // Its runner says when it comes again.
      backoff: { type: "custom" },
    });
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
