import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { jobIdTime } from "../job-id.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/unavailable.ts";

/** Entries of one page. With one page a second, 1,000,000 living entries are gone through in about an hour. */
const PAGE = 300;
/** Bounds one step; enough for 15,000 jobs a second that expire. */
const PAGES_MAX = 50;
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

  /** Goes a bit further; as long as most of what it finds has expired, up to {@link PAGES_MAX} pages. */
  async step(): Promise<void> {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const expired = await this.#nextPage();
      if (expired < PAGE / 2) return;
    }
  }

  /** Looks at one page of one tenant's index; returns how many entries had expired. */
  async #nextPage(): Promise<number> {
    if (this.#tenants.length === 0) this.#tenants = await this.#redis.smembers(this.#keys.tenants);
    const [tenant] = this.#tenants;
    if (tenant === undefined) return 0;
    const index = this.#keys.index(tenant);
    const youngest = this.#clock.now() - YOUNGEST_MS;
    const ids = await this.#redis.zrangebylex(index, this.#after, "+", "LIMIT", 0, PAGE);
    const old = ids.filter((id) => jobIdTime(id) < youngest);
    const expired = await this.#withoutRecord(await this.#withoutNote(old));
    if (expired.length > 0) await this.#redis.zrem(index, ...expired);
    this.#after = `(${old.at(-1) ?? ""}`;
    if (old.length < PAGE) {
      this.#tenants.shift();
      this.#after = "-";
    }
    return expired.length;
  }

  /**
   * Leaves out what is being written just now: a job of a batch may be much younger than its id says. Asked before the
   * records, because a note comes before a record and goes after it.
   */
  async #withoutNote(ids: string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const notes = await this.#redis.zmscore(this.#keys.submissions, ...ids);
    return ids.filter((_, position) => notes[position] === null);
  }

  async #withoutRecord(ids: string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.exists(this.#keys.record(id));
    const replies = pipelineReplies(await pipeline.exec());
    return ids.filter((_, position) => replies[position] === 0);
  }
}
