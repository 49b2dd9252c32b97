import type { Redis } from "ioredis";
import type { Clock } from "./clock.ts";
import { jobIdTime } from "./job-id.ts";
import type { Keys } from "./keys.ts";
import { pipelineReplies } from "./unavailable.ts";

/** Entries looked at in one step, which bounds its cost: 1,000,000 entries are gone through in about an hour. */
const STEP = 300;
/** A younger entry may belong to a job that is being written just now. In milliseconds. */
const YOUNGEST_MS = 60_000;

/**
 * Takes entries out of the index whose jobs have expired. Jobs differ in their retention, so this walks through
 * every tenant's index, oldest first, a little at each step, and begins again at the end.
 */
export class IndexPurge {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #clock: Clock;
  #tenants: string[] = [];
  #after = "-";

  constructor(redis: Redis, keys: Keys, clock: Clock) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  async step(): Promise<void> {
    if (this.#tenants.length === 0) this.#tenants = await this.#redis.smembers(this.#keys.tenants);
    const [tenant] = this.#tenants;
    if (tenant === undefined) return;
    const index = this.#keys.index(tenant);
    const youngest = this.#clock.now() - YOUNGEST_MS;
    const ids = await this.#redis.zrangebylex(index, this.#after, "+", "LIMIT", 0, STEP);
    const old = ids.filter((id) => jobIdTime(id) < youngest);
    const expired = await this.#withoutRecord(old);
    if (expired.length > 0) await this.#redis.zrem(index, ...expired);
    this.#after = `(${old.at(-1) ?? ""}`;
    if (old.length < STEP) {
      this.#tenants.shift();
      this.#after = "-";
    }
  }

  async #withoutRecord(ids: string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.exists(this.#keys.record(id));
    const replies = pipelineReplies(await pipeline.exec());
    return ids.filter((_, position) => replies[position] === 0);
  }
}
