import type { Logger } from "../logger.ts";
import { RepeatingTask } from "../repeating-task.ts";
import { failOverdueJobs, type QueueTimeoutDependencies } from "./queue-timeouts.ts";

const INTERVAL_MS = 1_000;

/**
 * Fails jobs whose time in the queue is over as long as no worker sweeps: where there is none, nobody else would say
 * that none has started them. Any number of apis may do so at once.
 */
export function createUnsweptTimeouts(
  dependencies: QueueTimeoutDependencies & { logger: Logger },
): RepeatingTask {
  const { redis, keys, logger } = dependencies;
  return new RepeatingTask({
    intervalMs: INTERVAL_MS,
    task: async () => {
      if ((await redis.exists(keys.sweepLease)) === 0) await failOverdueJobs(dependencies);
    },
    onError: (error) =>
      logger.debug({ reason: String(error) }, "Could not look for jobs that wait too long; trying again"),
  });
}
