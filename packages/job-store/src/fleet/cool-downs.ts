import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";

/**
 * So long what was read counts as known. A job that asks a provider a moment too early hears of the cool-down from the
 * provider; in return a turn waits for no round trip, and many jobs at once ask Redis once. In milliseconds.
 */
const FRESH_MS = 250;

interface Reading {
  /** Monotonic time. */
  readonly at: number;
  /** Milliseconds since 1970; 0 when there is no cool-down. */
  readonly until: Promise<number>;
}

/**
 * The cool-downs of model providers, which all workers share. Times are milliseconds since 1970, on this machine's clock;
 * in Redis stands only what is left, for the machines' clocks differ.
 */
export class CoolDowns {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #readings = new Map<string, Reading>();

  constructor(redis: Redis, keys: Keys, clock: Clock) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** When the provider may be asked again; null when it may be now. What others begin is known within 250 ms. */
  async until(provider: string): Promise<number | null> {
    const until = await this.#read(provider);
    return until > this.#clock.now() ? until : null;
  }

  /** Nobody asks the provider before that time. A cool-down that lasts longer stays as it is. */
  async begin(provider: string, until: number): Promise<void> {
    const lifetimeMs = Math.ceil(until - this.#clock.now());
    if (lifetimeMs <= 0) return;
    // In one step: many jobs hear from a provider at the same time.
    await this.#redis.millraceBeginCoolDown(this.#keys.coolDown(provider), lifetimeMs);
    this.#readings.delete(provider);
  }

  #read(provider: string): Promise<number> {
    const now = performance.now();
    const known = this.#readings.get(provider);
    if (known && now - known.at < FRESH_MS) return known.until;
    const until = this.#redis
      .pttl(this.#keys.coolDown(provider))
      .then((leftMs) => (leftMs > 0 ? this.#clock.now() + leftMs : 0));
    this.#readings.set(provider, { at: now, until });
    // Who asks next tries again.
    until.catch(() => this.#readings.delete(provider));
    return until;
  }
}
