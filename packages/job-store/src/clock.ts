import type { Redis } from "ioredis";
import { redisNowMs } from "./redis/redis-now.ts";

/** Wall time, in milliseconds since 1970; only for what is shown or stored. */
export interface Clock {
  now(): number;
}

/** This machine's. */
export const systemClock: Clock = { now: () => Date.now() };

const MEASURE_INTERVAL_MS = 60_000;

/**
 * Redis' own: what is stored is compared with it, and the machines' clocks differ. It is measured at each connect, and
 * once a minute; before that, it is this machine's.
 */
export class RedisClock implements Clock {
  readonly #redis: Redis;
  #offsetMs = 0;

  /** Ends with the connection. */
  constructor(redis: Redis) {
    this.#redis = redis;
    const timer = setInterval(() => void this.measure(), MEASURE_INTERVAL_MS).unref();
    redis.on("ready", () => void this.measure());
    redis.once("end", () => clearInterval(timer));
  }

  now(): number {
    return systemClock.now() + this.#offsetMs;
  }

  /** Never rejects: while Redis is away, what is known stays. */
  async measure(): Promise<void> {
    const before = systemClock.now();
    const redisMs = await redisNowMs(this.#redis).catch(() => null);
    if (redisMs === null) return;
    // It was that between the question and the answer. An offset that fits stays: a slow answer proves nothing.
    const [least, most] = [redisMs - systemClock.now(), redisMs - before];
    this.#offsetMs = Math.min(Math.max(this.#offsetMs, least), most);
  }
}
