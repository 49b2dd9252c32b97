import type { JobType } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import type { WorkerHeartbeat } from "../fleet/worker-registry.ts";

/** A key has at least this many jobs of one kind in BullMQ before others of it wait in line. */
const ROOM_MIN = 100;

/** How many times what the fleet can run at once: the workers never wait for a line that is being fed. */
const ROOM_FACTOR = 2;

/** How old the number may be, in milliseconds. */
const AGE_MS_MAX = 2_000;

/** How many jobs of one kind the live workers can run at once, and so how many of a key may be in BullMQ. */
export class FleetCapacity {
  readonly #redis: Redis;
  readonly #keys: Keys;
  #capacity: Record<JobType, number> = { tool: 0, chat: 0 };
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** The window of a key with the weight 1. Answers with what was known last, and looks again when that is old. */
  room(type: JobType): number {
    if (performance.now() - this.#readAt > AGE_MS_MAX) this.#reading ??= this.#readAgain();
    return Math.max(ROOM_MIN, this.#capacity[type] * ROOM_FACTOR);
  }

  /** Waits for a reading that is under way. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  async #readAgain(): Promise<void> {
    this.#readAt = performance.now();
    // While Redis is away the last number goes on.
    await this.#read().catch(() => undefined);
    this.#reading = null;
  }

  async #read(): Promise<void> {
    const ids = await this.#redis.smembers(this.#keys.workers);
    const capacity = { tool: 0, chat: 0 };
    const texts = ids.length > 0 ? await this.#redis.mget(ids.map((id) => this.#keys.worker(id))) : [];
    for (const text of texts) {
      if (text === null) continue;
      const { concurrency } = JSON.parse(text) as WorkerHeartbeat;
      capacity.tool += concurrency.tool;
      capacity.chat += concurrency.chat;
    }
    this.#capacity = capacity;
  }
}
