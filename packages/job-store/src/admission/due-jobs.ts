import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { DRAIN_DELAY_SECONDS, openWorker } from "../bullmq/open-worker.ts";
import { DUE, type DueJobData } from "../job-queues.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import type { Admission } from "./admission.ts";
import { lineId } from "./line-name.ts";

/** How many of the jobs that become due at once come in together at most. */
const TOGETHER_MAX = 200;

export interface DueJobsOptions {
  keys: Keys;
  /** BullMQ's connection. */
  queueRedis: Redis;
  workerId: string;
  admission: Admission;
  logger: Logger;
}

interface Waiting extends PromiseWithResolvers<void> {
  data: DueJobData;
}

/** Lets delayed jobs into their lines when they are due. Until then they wait in a BullMQ queue of their own. */
export class DueJobs {
  readonly #worker: Worker<DueJobData>;
  readonly #options: DueJobsOptions;
  #waiting: Waiting[] = [];
  #closing: Promise<void> | null = null;
  #isStarted = false;

  constructor(options: DueJobsOptions) {
    const { workerId, logger } = options;
    this.#options = options;
    this.#worker = openWorker(DUE, (job: Job<DueJobData>) => this.#enter(job.data), options, {
      concurrency: TOGETHER_MAX,
      name: workerId,
      drainDelay: DRAIN_DELAY_SECONDS,
    });
    this.#worker.on("failed", (job, error) => {
      logger.warn({ job_id: job?.data.jobId, reason: error.message }, "A due job stays out for now");
    });
  }

  /** Harmless when repeated. */
  start(): void {
    if (this.#isStarted || this.#closing) return;
    this.#isStarted = true;
    this.#worker.run().catch((error: unknown) => {
      this.#options.logger.error({ reason: String(error) }, "The queue of due jobs stopped unexpectedly");
    });
  }

  /** Resolves when the jobs that are just being let in are in. */
  close(): Promise<void> {
    this.#closing ??= this.#worker.close();
    return this.#closing;
  }

  #enter(data: DueJobData): Promise<void> {
    const waiting = { ...Promise.withResolvers<void>(), data };
    if (this.#waiting.push(waiting) === 1) setImmediate(() => void this.#enterAll());
    return waiting.promise;
  }

  async #enterAll(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    const groups = Map.groupBy(all, ({ data }) => lineId(data));
    await Promise.all([...groups.values()].map((group) => this.#enterGroup(group)));
  }

  async #enterGroup(group: Waiting[]): Promise<void> {
    const [{ data: line }] = group as [Waiting, ...Waiting[]];
    const jobs = group.map(({ data: { jobId, generation, priority } }) => ({
      entry: { jobId, generation },
      priority,
    }));
    try {
      await this.#options.admission.enter(line, jobs);
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
