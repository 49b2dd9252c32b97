import type { Redis } from "ioredis";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { Keys } from "../keys.ts";
import type { Answer } from "../redis/answer.ts";

/** Lets every api read its API keys again when one of them was told to. */
export class KeyReloads {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #subscriptions: ChannelSubscriptions;
  readonly #answer: Answer;

  constructor(redis: Redis, keys: Keys, subscriptions: ChannelSubscriptions, answer: Answer) {
    this.#redis = redis;
    this.#keys = keys;
    this.#subscriptions = subscriptions;
    this.#answer = answer;
  }

  async announce(): Promise<void> {
    await this.#answer(() => this.#redis.publish(this.#keys.keyReloads, ""));
  }

  /** Calls `listener` at every announcement, one's own too, and whenever one may have been lost. */
  listen(listener: () => void): void {
    this.#subscriptions.subscribe(this.#keys.keyReloads, listener);
  }
}
