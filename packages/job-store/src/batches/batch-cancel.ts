import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { JobControl } from "../control/job-control.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { EVERY_TENANT } from "../reading/viewer.ts";
import { batchJobId } from "./batch-id.ts";
import { BatchLines, isUnfinished } from "./batch-lines.ts";

/** How many jobs are cancelled at the same time. */
const AT_ONCE = 50;
/** How long whoever cancels a batch's jobs holds the batch; then another may go on. In milliseconds. */
const LEASE_MS = 5_000;

export interface BatchCancelDependencies {
  redis: Redis;
  keys: Keys;
  control: Pick<JobControl, "cancel">;
  logger: Logger;
}

/**
 * Cancels the jobs of a batch whose record says so. One process does it at a time; when it dies, the sweeper goes on.
 * Lines are gone through from the first, where jobs are the next to run.
 */
export class BatchCancel {
  readonly #dependencies: BatchCancelDependencies;
  readonly #holder = randomBytes(6).toString("base64url");
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();

  constructor(dependencies: BatchCancelDependencies) {
    this.#dependencies = dependencies;
  }

  /** Goes on in the background until all jobs have been told. */
  start(batchId: string): void {
    if (this.#running.has(batchId)) return;
    const { logger } = this.#dependencies;
    const run = this.#cancelAll(batchId)
      .catch((error: unknown) => {
        logger.warn({ batch_id: batchId, reason: String(error) }, "A batch's cancel goes on in a worker");
      })
      .finally(() => this.#running.delete(batchId));
    this.#running.set(batchId, run);
  }

  /** Leaves what is not done yet to the sweeper. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running.values());
  }

  async #cancelAll(batchId: string): Promise<void> {
    const { redis, keys, control } = this.#dependencies;
    const lease = keys.batchCancelling(batchId);
    if ((await redis.set(lease, this.#holder, "PX", LEASE_MS, "NX")) !== "OK") return;
    const lines = new BatchLines(redis, keys, batchId);
    let after = 0;
    while (!this.#stop.signal.aborted) {
      const page = await lines.after(after, AT_ONCE, isUnfinished);
      if (page.length === 0) break;
      // A line whose job is not written yet has nothing to cancel; the sweeper comes back to it.
      await Promise.all(page.map(({ line }) => control.cancel(EVERY_TENANT, batchJobId(batchId, line))));
      after = page.at(-1)?.line ?? after;
      if ((await redis.pexpire(lease, LEASE_MS)) === 0) return;
    }
    await redis.del(lease);
  }
}
