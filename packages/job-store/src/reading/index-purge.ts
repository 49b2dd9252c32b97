import { JobType } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { jobIdTime } from "../job-id.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";

/** Entries of one page. With one page a second, 1,000,000 living entries are gone through in about an hour. */
const PAGE = 300;
/** Bounds one step; enough for 15,000 jobs a second that expire. */
const PAGES_MAX = 50;
/** A page of living entries counts as this many at least: looking at it takes its round trips, however short it is. */
const LIVING_MIN = 30;
/** A younger entry may belong to a job that is being written just now. In milliseconds. */
const YOUNGEST_MS = 60_000;

/**
 * Takes entries out of the index whose jobs have expired. Jobs differ in their retention, so this walks through
 * every tenant's index, oldest first, a little at each step, and begins again at the end. A tenant of whom nothing is
 * left is forgotten: keys come and go, and whatever goes through all tenants would take longer with each of them.
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

  /**
   * Goes a bit further, to the end of a pass at most: up to {@link PAGES_MAX} pages of which most has expired, and a page's
   * worth of others. A tenant may have a few jobs only.
   */
  async step(): Promise<void> {
    if (this.#tenants.length === 0) this.#tenants = await this.#redis.smembers(this.#keys.tenants);
    let living = 0;
    for (let page = 0; page < PAGES_MAX && living < PAGE; page += 1) {
      const [tenant] = this.#tenants;
      if (tenant === undefined) return;
      const { found, expired } = await this.#nextPage(tenant);
      if (expired < found / 2) living += Math.max(found - expired, LIVING_MIN);
    }
  }

  /** Looks at one page of a tenant's index; returns how many entries it has found, and how many of them had expired. */
  async #nextPage(tenant: string): Promise<{ found: number; expired: number }> {
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
      if (expired.length === ids.length) await this.#forget(tenant);
    }
    return { found: ids.length, expired: expired.length };
  }

  /** Unless there is something of the tenant. Whoever writes that lists the tenant afterwards. */
  async #forget(tenant: string): Promise<void> {
    if (await this.#hasMore(tenant)) return;
    const isForgotten = await this.#redis.millraceForgetTenant(
      this.#keys.index(tenant),
      this.#keys.tenants,
      tenant,
    );
    // The script sees the index alone. Meanwhile the tenant may have been listed for something else.
    if (isForgotten === 1 && (await this.#hasMore(tenant)))
      await this.#redis.sadd(this.#keys.tenants, tenant);
  }

  /** Whether there are batches, or lines that still have something of jobs that are gone. */
  async #hasMore(tenant: string): Promise<boolean> {
    const pipeline = this.#redis.pipeline().exists(this.#keys.batchIndex(tenant));
    for (const type of JobType.options) {
      const { line, admitted, later, gates } = this.#keys.line(type, tenant);
      pipeline.exists(line, admitted, later, gates);
    }
    return pipelineReplies(await pipeline.exec()).some((count) => count !== 0);
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
