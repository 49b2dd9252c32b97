import { JobType, TERMINAL_STATUSES, type TerminalStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { DeferredSending } from "../deferred-sending.ts";
import type { Keys } from "../keys.ts";

/** Upper bounds of how long jobs took, in seconds. */
const DURATION_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600] as const;

/** How long jobs took from their first start to their end. */
interface Durations {
  /** How many took at most so many seconds; the last is of all. */
  buckets: readonly { bound: number; count: number }[];
  sumSeconds: number;
}

/** Jobs of one kind that have ended since the counting began. */
export interface FinishedCounts {
  byStatus: Record<TerminalStatus, number>;
  durations: Durations;
}

interface Dependencies {
  redis: Redis;
  keys: Keys;
}

/** Ends that come within so many milliseconds are counted together. */
const COLLECT_MS = 1_000;

/**
 * Counts the jobs of the whole fleet that have ended, in one hash. No job waits for it or costs a round trip; what a
 * killed process had not counted yet is missing.
 */
export class FinishedJobs {
  readonly #dependencies: Dependencies;
  #collected = new Map<string, number>();
  readonly #counting = new DeferredSending(() => this.#count());

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** A job has ended; with the milliseconds that it took if it ever ran. */
  add(type: JobType, status: TerminalStatus, tookMs?: number): void {
    this.#raise(statusField(type, status), 1);
    if (tookMs !== undefined) {
      const bound = DURATION_BOUNDS.find((seconds) => tookMs <= seconds * 1_000) ?? Infinity;
      this.#raise(bucketField(type, bound), 1);
      this.#raise(sumField(type), Math.max(0, Math.round(tookMs)));
    }
    this.#counting.within(COLLECT_MS);
  }

  /** Resolves once all so far is counted, or could not be. Never rejects. */
  flush(): Promise<void> {
    return this.#counting.flush();
  }

  #raise(field: string, by: number): void {
    this.#collected.set(field, (this.#collected.get(field) ?? 0) + by);
  }

  async #count(): Promise<void> {
    const collected = this.#collected;
    this.#collected = new Map();
    if (collected.size === 0) return;
    const { redis, keys } = this.#dependencies;
    const pipeline = redis.pipeline();
    for (const [field, by] of collected) pipeline.hincrby(keys.finished, field, by);
    // Counted twice would be worse than not at all: nobody knows what of it has been done.
    await pipeline.exec().catch(ignore);
  }
}

/** Counts a job that has ended while no worker ran it; nobody waits for that. */
export function countWaitingEnd(type: JobType, status: TerminalStatus, { redis, keys }: Dependencies): void {
  redis.hincrby(keys.finished, statusField(type, status), 1).catch(ignore);
}

/** What has been counted of each kind. */
export async function readFinished({ redis, keys }: Dependencies): Promise<Record<JobType, FinishedCounts>> {
  const hash = await redis.hgetall(keys.finished);
  const read = (field: string): number => Number(hash[field] ?? 0);
  const counts = JobType.options.map((type) => [type, countsOf(type, read)]);
  return Object.fromEntries(counts) as Record<JobType, FinishedCounts>;
}

function countsOf(type: JobType, read: (field: string) => number): FinishedCounts {
  const statuses = TERMINAL_STATUSES.map((status) => [status, read(statusField(type, status))]);
  let count = 0;
  const buckets = [...DURATION_BOUNDS, Infinity].map((bound) => {
    count += read(bucketField(type, bound));
    return { bound, count };
  });
  return {
    byStatus: Object.fromEntries(statuses) as Record<TerminalStatus, number>,
    durations: { buckets, sumSeconds: read(sumField(type)) / 1_000 },
  };
}

function statusField(type: JobType, status: TerminalStatus): string {
  return `${type}:${status}`;
}

function bucketField(type: JobType, bound: number): string {
  return `${type}:took:${bound}`;
}

function sumField(type: JobType): string {
  return `${type}:took_ms`;
}

function ignore(): void {}
