import type { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Keys } from "../keys.ts";
import type { Answer } from "../redis/answer.ts";

/** Counts requests of tenants over all processes, in windows of a second. */
export class RequestRates {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #answer: Answer;
  /** By requests per second. */
  readonly #limiters = new Map<number, RateLimiterRedis>();

  constructor(redis: Redis, keys: Keys, answer: Answer) {
    this.#redis = redis;
    this.#keys = keys;
    this.#answer = answer;
    // Each limiter defines its script anew; a pipeline that is open when the first one does would not know it.
    this.#limiterOf(1);
  }

  /**
   * Counts a request. 0 when it is within the limit, else the milliseconds until the next one may come: who is over
   * the limit is told so from memory until then.
   */
  async take(tenant: string, perSecond: number): Promise<number> {
    try {
      await this.#answer(() => this.#limiterOf(perSecond).consume(tenant));
      return 0;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
      throw refusal;
    }
  }

  #limiterOf(perSecond: number): RateLimiterRedis {
    const limiter =
      this.#limiters.get(perSecond) ??
      new RateLimiterRedis({
        storeClient: this.#redis,
        keyPrefix: this.#keys.requestRates,
        points: perSecond,
        duration: 1,
        inMemoryBlockOnConsumed: perSecond,
      });
    this.#limiters.set(perSecond, limiter);
    return limiter;
  }
}
