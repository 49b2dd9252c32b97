import type { Redis } from "ioredis";
import type { Clock } from "./clock.ts";
import type { Keys } from "./keys.ts";

/** The cool-downs of model providers, which all workers share. Times are milliseconds since 1970. */
export class CoolDowns {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #clock: Clock;

  constructor(redis: Redis, keys: Keys, clock: Clock) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** When the provider may be asked again; null when it may be now. */
  async until(provider: string): Promise<number | null> {
    const until = Number(await this.#redis.get(this.#keys.coolDown(provider)));
    return until > this.#clock.now() ? until : null;
  }

  /** Nobody asks the provider before that time. A cool-down that lasts longer stays as it is. */
  async begin(provider: string, until: number): Promise<void> {
    const lifetimeMs = Math.ceil(until - this.#clock.now());
    if (lifetimeMs <= 0) return;
    // In one step: many jobs hear from a provider at the same time.
    await this.#redis.millraceBeginCoolDown(this.#keys.coolDown(provider), Math.ceil(until), lifetimeMs);
  }
}
