import { JobType, type JobStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { systemClock } from "../clock.ts";
import type { JobQueues } from "../job-queues.ts";
import { jobIdOf } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import { readFinished, type FinishedCounts } from "../metrics/finished-jobs.ts";
import type { Answer } from "../redis/answer.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";

/** Jobs of a key that wait, delayed ones too, and that run. Parked jobs do neither. */
export interface TenantUsage {
  queued: number;
  running: number;
}

/** Jobs of one kind, of all keys. */
export interface WaitingJobs {
  /** Those that wait for a worker: in their lines, at gates, in BullMQ. Neither parked nor delayed ones. */
  count: number;
  /** Those that are not due yet. */
  delayed: number;
  /** Those that wait for an approval, a provider's cool-down or their next attempt. */
  parked: number;
  /**
   * How long the first of those waits that BullMQ has and no worker has started yet; null when there is none. Those in
   * their lines and at gates wait for jobs of their own key or batch.
   */
  oldestAgeMs: number | null;
}

export interface LineUsageOptions {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  answer: Answer;
}

/** Counts jobs: those that wait or run, and those that have ended. Lines are counted, not gone through. */
export class LineUsage {
  readonly #options: LineUsageOptions;

  constructor(options: LineUsageOptions) {
    this.#options = options;
  }

  /** @throws StoreUnavailableError while Redis is away. */
  ofTenant(tenant: string): Promise<TenantUsage> {
    return this.#options.answer(() => this.#ofTenant(tenant));
  }

  /** @throws StoreUnavailableError while Redis is away. */
  waiting(type: JobType): Promise<WaitingJobs> {
    return this.#options.answer(() => this.#waiting(type));
  }

  /**
   * Jobs that have ended, since the installation began.
   * @throws StoreUnavailableError while Redis is away.
   */
  finished(): Promise<Record<JobType, FinishedCounts>> {
    return this.#options.answer(() => readFinished(this.#options));
  }

  async #ofTenant(tenant: string): Promise<TenantUsage> {
    const parts = await Promise.all(JobType.options.map((type) => this.#ofLine(type, tenant)));
    return {
      queued: parts.reduce((sum, { queued }) => sum + queued, 0),
      running: parts.reduce((sum, { running }) => sum + running, 0),
    };
  }

  async #waiting(type: JobType): Promise<WaitingJobs> {
    const { redis, keys, queues } = this.#options;
    const tenants = await redis.smembers(keys.tenants);
    const pipeline = redis.pipeline();
    for (const tenant of tenants) {
      const { line, state, later } = keys.line(type, tenant);
      pipeline.zcard(line).hget(state, "at_gates").scard(later);
    }
    const replies = tenants.length > 0 ? pipelineReplies(await pipeline.exec()) : [];
    const { waiting, oldestSince, parked } = await queues.depth(type);
    let count = waiting;
    let delayed = 0;
    for (let index = 0; index < replies.length; index += 3) {
      const line = replies.slice(index, index + 3) as [number, string | null, number];
      const [length, atGates, later] = line;
      delayed += later;
      count += length + Number(atGates);
    }
    // BullMQ's times are of the machine that has added the job.
    const oldestAgeMs = oldestSince === null ? null : Math.max(0, systemClock.now() - oldestSince);
    return { count, delayed, parked, oldestAgeMs };
  }

  async #ofLine(type: JobType, tenant: string): Promise<TenantUsage> {
    const { redis, keys } = this.#options;
    const names = keys.line(type, tenant);
    const lengths = redis.pipeline().zcard(names.line).hget(names.state, "at_gates").scard(names.later);
    const counts = pipelineReplies(await lengths.zrange(names.admitted, "0", "-1").exec());
    const [length, atGates, later, admitted] = counts as [number, string | null, number, string[]];
    const pipeline = redis.pipeline();
    for (const id of admitted) pipeline.hget(keys.record(jobIdOf(id)), "status");
    const statuses = admitted.length > 0 ? (pipelineReplies(await pipeline.exec()) as JobStatus[]) : [];
    const of = (wanted: JobStatus): number => statuses.filter((status) => status === wanted).length;
    return { queued: length + Number(atGates) + later + of("queued"), running: of("running") };
  }
}
