import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_MAX_CRASHES } from "@millrace/contracts";
import { DueJobs } from "./admission/due-jobs.ts";
import { createLines } from "./admission/lines.ts";
import { BatchCancel } from "./batches/batch-cancel.ts";
import { BatchEnds } from "./batches/batch-ends.ts";
import { BatchSweep } from "./batches/batch-sweep.ts";
import { ChannelSubscriptions } from "./redis/channel-subscriptions.ts";
import { RedisClock, systemClock, type Clock } from "./clock.ts";
import { CoolDowns } from "./fleet/cool-downs.ts";
import { FleetResponder, type FleetHandlers } from "./fleet/fleet-responder.ts";
import { JobControl } from "./control/job-control.ts";
import { JobQueues } from "./job-queues.ts";
import { JobRunner, type JobRunnerOptions } from "./run/job-runner.ts";
import { createKeys } from "./keys.ts";
import type { Logger } from "./logger.ts";
import { FinishedJobs } from "./metrics/finished-jobs.ts";
import { createWorkerSchedules } from "./schedules/worker-schedules.ts";
import { Sweeper } from "./sweeper.ts";
import { withoutDeadline } from "./redis/answer.ts";
import { openWorkerConnections } from "./redis/worker-connections.ts";
import { WorkerControl } from "./fleet/worker-control.ts";
import { createWorkerWebhooks } from "./webhooks/worker-webhooks.ts";
import { WorkerRegistry, type WorkerRegistryOptions } from "./fleet/worker-registry.ts";

/**
 * How long each part of closing may take while Redis is away, in milliseconds. What is lost then, the sweeper of another
 * worker finds.
 */
const CLOSE_MS = 1_000;

export interface WorkerStoreOptions {
  redisUrl: string;
  /** Separates installations that share one Redis. */
  keyPrefix: string;
  logger: Logger;
  /** Instead of Redis' clock and this machine's. */
  clock?: Clock;
}

export type WorkerStore = ReturnType<typeof createWorkerStore>;

/**
 * Jobs, as a process that runs them needs them: runners, the fleet registry and the sweeper, on three connections:
 * ours, one that listens, and BullMQ's (which adds one for each queue, on which it blocks). While Redis is away,
 * everything waits for it.
 */
export function createWorkerStore({ redisUrl, keyPrefix, logger, clock: given }: WorkerStoreOptions) {
  const workerId = `worker_${randomBytes(5).toString("hex")}`;
  const connections = openWorkerConnections(redisUrl, `${keyPrefix}:${workerId}`, logger);
  const { redis, queueRedis, subscriber } = connections;
  const keys = createKeys(keyPrefix);
  const clock = given ?? new RedisClock(redis);
  const queues = new JobQueues(queueRedis, keys, logger);
  const lines = createLines({ redis, keys, queues, logger });
  const dueJobs = new DueJobs({ keys, queueRedis, workerId, logger, ...lines });
  const shared = { redis, keys, clock, workerId, logger, queues, queueRedis, ...lines };
  const batchEnds = new BatchEnds({ redis, keys });
  const finished = new FinishedJobs({ redis, keys });
  const schedules = createWorkerSchedules(shared);
  const webhooks = createWorkerWebhooks(shared);
  const running = { ...shared, dueJobs, batchEnds, finished, webhooks: webhooks.dispatch };
  const runners: JobRunner[] = [];
  const responder = new FleetResponder(shared);
  const subscriptions = new ChannelSubscriptions(subscriber);
  const control = new WorkerControl({ ...shared, subscriptions, runners: () => runners, responder });
  control.start();

  return {
    workerId,
    coolDowns: new CoolDowns(redis, keys, given ?? systemClock),

    createRunner: ({
      maxCrashes = DEFAULT_MAX_CRASHES,
      ...options
    }: Pick<JobRunnerOptions, "type" | "concurrency" | "execute"> & { maxCrashes?: number }): JobRunner => {
      const runner = new JobRunner({ ...running, ...options, maxCrashes });
      runners.push(runner);
      return runner;
    },

    createRegistry: (options: Pick<WorkerRegistryOptions, "describe" | "reports">): WorkerRegistry =>
      new WorkerRegistry({ ...shared, ...options }),

    /** From now on this worker answers what is asked of the fleet. */
    answer: (handlers: FleetHandlers): void => responder.start(handlers),

    createScheduleRunner: schedules.createRunner,
    createWebhookRunner: webhooks.createRunner,

    createSweeper: (): Sweeper => {
      const jobControl = new JobControl({ ...shared, answer: withoutDeadline, read: withoutDeadline });
      const cancelling = new BatchCancel({ ...shared, control: jobControl });
      const batches = new BatchSweep({ ...shared, cancelling });
      return new Sweeper({ ...running, schedules: schedules.records, batches });
    },

    close: async (): Promise<void> => {
      control.close();
      await eachInTime(
        () => dueJobs.close(),
        () => finished.flush(),
        () => batchEnds.flush(),
        () => lines.departures.flush(),
      );
      await schedules.close();
      await webhooks.close();
      await queues.close();
      await connections.close();
    },
  };
}

/** One after the other. */
async function eachInTime(...ends: (() => Promise<unknown>)[]): Promise<void> {
  for (const end of ends) await Promise.race([end(), delay(CLOSE_MS, undefined, { ref: false })]);
}
