import { randomBytes } from "node:crypto";
import { ChannelSubscriptions } from "./channel-subscriptions.ts";
import { systemClock, type Clock } from "./clock.ts";
import { closeConnection, openConnection } from "./connection.ts";
import { CoolDowns } from "./cool-downs.ts";
import { FleetResponder, type FleetHandlers } from "./fleet-responder.ts";
import { JobQueues } from "./job-queues.ts";
import { JobRunner, type JobRunnerOptions } from "./job-runner.ts";
import { DEFAULT_MAX_CRASHES } from "./claim-run.ts";
import { createKeys } from "./keys.ts";
import type { Logger } from "./logger.ts";
import { checkRedisOnce } from "./redis-check.ts";
import { Sweeper } from "./sweeper.ts";
import { WorkerControl } from "./worker-control.ts";
import { WorkerRegistry, type WorkerRegistryOptions } from "./worker-registry.ts";

export interface WorkerStoreOptions {
  redisUrl: string;
  /** Separates installations that share one Redis. */
  keyPrefix: string;
  logger: Logger;
  clock?: Clock;
}

export type WorkerStore = ReturnType<typeof createWorkerStore>;

/**
 * Jobs, as a process that runs them needs them: runners, the fleet registry and the sweeper, on three connections:
 * ours, one that listens, and BullMQ's (which adds one for each queue, on which it blocks). While Redis is away,
 * everything waits for it.
 */
export function createWorkerStore({ redisUrl, keyPrefix, logger, clock = systemClock }: WorkerStoreOptions) {
  const workerId = `worker_${randomBytes(5).toString("hex")}`;
  const connection = { url: redisUrl, logger };
  const redis = openConnection({ ...connection, role: "worker", name: `${keyPrefix}:${workerId}` });
  const queueRedis = openConnection({ ...connection, role: "queue", name: `${keyPrefix}:${workerId}:queue` });
  const subscriber = openConnection({
    ...connection,
    role: "subscriber",
    name: `${keyPrefix}:${workerId}:control`,
  });
  checkRedisOnce(redis, logger);
  const keys = createKeys(keyPrefix);
  const queues = new JobQueues(queueRedis, keys, logger);
  const shared = { redis, keys, clock, workerId, logger };
  const runners: JobRunner[] = [];
  const responder = new FleetResponder(shared);
  const control = new WorkerControl({
    ...shared,
    subscriptions: new ChannelSubscriptions(subscriber),
    runners: () => runners,
    responder,
  });
  control.start();

  return {
    workerId,
    coolDowns: new CoolDowns(redis, keys, clock),

    createRunner: ({
      maxCrashes = DEFAULT_MAX_CRASHES,
      ...options
    }: Pick<JobRunnerOptions, "type" | "concurrency" | "execute"> & { maxCrashes?: number }): JobRunner => {
      const queuePrefix = keys.queuePrefix(options.type);
      const runner = new JobRunner({ ...shared, ...options, maxCrashes, queues, queueRedis, queuePrefix });
      runners.push(runner);
      return runner;
    },

    createRegistry: (options: Pick<WorkerRegistryOptions, "describe" | "reports">): WorkerRegistry =>
      new WorkerRegistry({ ...shared, ...options }),

    /** From now on this worker answers what is asked of the fleet. */
    answer: (handlers: FleetHandlers): void => responder.start(handlers),

    createSweeper: (): Sweeper => new Sweeper({ ...shared, queues }),

    close: async (): Promise<void> => {
      control.close();
      await queues.close();
      await Promise.all([redis, queueRedis, subscriber].map((open) => closeConnection(open)));
    },
  };
}
