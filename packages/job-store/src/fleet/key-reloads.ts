import type { Redis } from "ioredis";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { Keys } from "../keys.ts";
import { withStore } from "../redis/unavailable.ts";

/** Lets every api read its API keys again when one of them was told to. */
export class KeyReloads {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #subscriptions: ChannelSubscriptions;

  constructor(redis: Redis, keys: Keys, subscriptions: ChannelSubscriptions) {
    this.#redis = redis;
    this.#keys = keys;
    this.#subscriptions = subscriptions;
  }

  async announce(): Promise<void> {
    await withStore(() => this.#redis.publish(this.#keys.keyReloads, ""));
  }

  /** Calls `listener` at every announcement, one's own too, and whenever one may have been lost. */
  listen(listener: () => void): void {
    this.#subscriptions.subscribe(this.#keys.keyReloads, listener);
  }
}
