import type { JobType, ServerReport, ServerStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { isRedisAway } from "../redis/unavailable.ts";

/** How often a worker says that it lives, and how long its word counts, in milliseconds. */
const HEARTBEAT_INTERVAL_MS = 2_000;
export const HEARTBEAT_TTL_MS = 8_000;

/** What a worker tells of itself with each heartbeat. */
export interface WorkerHeartbeat {
  id: string;
  host: string;
  version: string;
  started_at: string;
  concurrency: Record<JobType, number>;
  running: Record<JobType, number>;
  servers: Record<string, ServerStatus>;
  /** Raised whenever the catalogue changes, so that readers know when to read it again. */
  catalogue_version: number;
}

export interface WorkerRegistryOptions {
  redis: Redis;
  keys: Keys;
  workerId: string;
  logger: Logger;
  /** The worker as it is now. */
  describe: () => Omit<WorkerHeartbeat, "id" | "catalogue_version">;
  /** What it knows of its MCP servers now. */
  reports: () => ServerReport[];
}

/** Keeps one worker's entry in the fleet: a heartbeat and a catalogue, both of which expire when it dies. */
export class WorkerRegistry {
  readonly #options: WorkerRegistryOptions;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  /** The write that has not begun yet. */
  #next: Promise<void> | null = null;
  #catalogueVersion = 1;
  #published = 0;
  #left = false;

  constructor(options: WorkerRegistryOptions) {
    this.#options = options;
  }

  /** Announces the worker and keeps it announced; resolves once Redis knows of it. */
  async join(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#beat(), HEARTBEAT_INTERVAL_MS);
    await this.#beat();
  }

  /** The servers or their tools have changed: the fleet hears of it at once. */
  changed(): void {
    this.#catalogueVersion += 1;
    if (this.#timer) void this.#beat();
  }

  /** Resolves once the fleet can read what the servers are now; waits while Redis is away. */
  async publish(): Promise<void> {
    await this.#beat();
  }

  /** Takes the worker out of the fleet; harmless when repeated. */
  async leave(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#left = true;
    await this.#writing;
    const { redis, keys, workerId } = this.#options;
    const pipeline = redis.pipeline().srem(keys.workers, workerId);
    pipeline.del(keys.worker(workerId)).del(keys.catalogue(workerId)).publish(keys.fleet, workerId);
    await pipeline.exec();
  }

  /**
   * One write at a time, so that an older state never overwrites a newer one, and one that waits: it tells what is so by
   * then, however long Redis was away.
   */
  #beat(): Promise<void> {
    if (this.#next) return this.#next;
    this.#next = this.#writeAfter(this.#writing);
    this.#writing = this.#next;
    return this.#next;
  }

  async #writeAfter(earlier: Promise<void>): Promise<void> {
    await earlier;
    this.#next = null;
    if (this.#left) return;
    try {
      await this.#write();
    } catch (error) {
      // While Redis is away, others say so; anything else goes wrong at every heartbeat, and nobody else would say it.
      const level = isRedisAway(error) ? "debug" : "warn";
      this.#options.logger[level]({ reason: String(error) }, "Heartbeat not written");
    }
  }

  async #write(): Promise<void> {
    const { redis, keys, workerId, describe, reports } = this.#options;
    const version = this.#catalogueVersion;
    const heartbeat: WorkerHeartbeat = { id: workerId, ...describe(), catalogue_version: version };
    const catalogue = keys.catalogue(workerId);
    const isNew = version !== this.#published;
    const pipeline = redis.pipeline();
    // The catalogue before the heartbeat that names its version.
    if (isNew) pipeline.set(catalogue, JSON.stringify(reports()), "PX", HEARTBEAT_TTL_MS);
    else pipeline.pexpire(catalogue, HEARTBEAT_TTL_MS);
    pipeline.set(keys.worker(workerId), JSON.stringify(heartbeat), "PX", HEARTBEAT_TTL_MS);
    pipeline.sadd(keys.workers, workerId);
    if (isNew) pipeline.publish(keys.fleet, workerId);
    const [kept] = pipelineReplies(await pipeline.exec());
    this.#published = version;
    if (isNew || kept === 1) return;
    // While Redis was away the catalogue has expired.
    this.#published = 0;
    await this.#write();
  }
}
