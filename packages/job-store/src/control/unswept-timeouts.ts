import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import { failOverdueJobs, type QueueTimeoutDependencies } from "./queue-timeouts.ts";

const INTERVAL_MS = 1_000;

/**
 * Fails jobs whose time in the queue is over as long as no worker sweeps: where there is none, nobody else would say
 * that none has started them. Any number of apis may do so at once.
 */
export class UnsweptTimeouts {
  readonly #options: QueueTimeoutDependencies & { logger: Logger };
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: QueueTimeoutDependencies & { logger: Logger }) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { redis, keys, logger } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      try {
        if ((await redis.exists(keys.sweepLease)) === 0) await failOverdueJobs(this.#options);
      } catch (error) {
        logger.debug({ reason: String(error) }, "Could not look for jobs that wait too long; trying again");
      }
    }
  }
}
