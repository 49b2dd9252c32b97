import type { Redis } from "ioredis";
import { redisNowMs } from "./redis/redis-now.ts";

/** Wall time, in milliseconds since 1970; only for what is shown or stored. */
export interface Clock {
  now(): number;
}

/** This machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

const MEASURE_INTERVAL_MS = 60_000;

/**
 * Redis' clock: the times that are stored are compared with each other, and the machines' clocks differ. How far this
 * machine's is off is measured at each connect and once a minute; until then it is taken to be right.
 */
export class RedisClock implements Clock {
  readonly #redis: Redis;
  #offsetMs = 0;

  /** Measures until the connection ends. */
  constructor(redis: Redis) {
    this.#redis = redis;
    const timer = setInterval(() => void this.measure(), MEASURE_INTERVAL_MS).unref();
    redis.on("ready", () => void this.measure());
    redis.once("end", () => clearInterval(timer));
  }

  now(): number {
    return systemClock.now() + this.#offsetMs;
  }

  /** Never rejects: while Redis is away, the last measurement counts. */
  async measure(): Promise<void> {
    const before = systemClock.now();
    const redisMs = await redisNowMs(this.#redis).catch(() => null);
    if (redisMs === null) return;
    // Redis read its clock between the question and the answer. An offset within these bounds may be right, and stays.
    const [least, most] = [redisMs - systemClock.now(), redisMs - before];
    this.#offsetMs = Math.min(Math.max(this.#offsetMs, least), most);
  }
}
