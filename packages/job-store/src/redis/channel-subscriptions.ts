import { setImmediate } from "node:timers/promises";
import type { Redis } from "ioredis";

/** How many listeners look at the same time after a reconnect: all at once would ask for everything in one reply. */
const LOOK_TOGETHER = 100;

/** Called with each message of a channel, and with null when messages may have been lost. */
export type ChannelListener = (message: string | null) => void;

export interface ChannelSubscription {
  /** Resolves once Redis has confirmed it: what is published from then on arrives. Rejects while Redis is away. */
  ready: Promise<void>;
  close(): void;
}

interface Channel {
  listeners: Set<ChannelListener>;
  ready: Promise<void>;
}

/** All of a process' subscriptions, on one connection. Pub/sub may lose messages: it only wakes readers. */
export class ChannelSubscriptions {
  readonly #redis: Redis;
  readonly #channels = new Map<string, Channel>();

  /** Takes over a connection that does not subscribe again by itself. */
  constructor(redis: Redis) {
    this.#redis = redis;
    redis.on("message", (name: string, message: string) => {
      for (const listener of this.#channels.get(name)?.listeners ?? []) listener(message);
    });
    redis.on("ready", () => void this.#subscribeAgain());
  }

  subscribe(name: string, listener: ChannelListener): ChannelSubscription {
    const channel = this.#channels.get(name) ?? this.#open(name);
    channel.listeners.add(listener);
    return { ready: channel.ready, close: () => this.#leave(name, listener) };
  }

  #open(name: string): Channel {
    const ready = this.#redis.subscribe(name).then(() => undefined);
    // Whoever waits for `ready` sees the error; a reader that is already gone need not.
    ready.catch(() => undefined);
    const channel = { listeners: new Set<ChannelListener>(), ready };
    this.#channels.set(name, channel);
    return channel;
  }

  #leave(name: string, listener: ChannelListener): void {
    const channel = this.#channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    // A connection that is gone has no subscriptions, and this one is not among those that are taken up again.
    this.#redis.unsubscribe(name).catch(() => undefined);
  }

  /** After a reconnect every subscription is taken up again, also those that had failed; then all readers look. */
  async #subscribeAgain(): Promise<void> {
    const names = [...this.#channels.keys()];
    if (names.length === 0) return;
    try {
      await this.#redis.subscribe(...names);
    } catch {
      // The connection broke again; the next one begins anew.
      return;
    }
    const listeners = [...this.#channels.values()].flatMap((channel) => [...channel.listeners]);
    for (const [position, listener] of listeners.entries()) {
      if (position % LOOK_TOGETHER === LOOK_TOGETHER - 1) await setImmediate();
      listener(null);
    }
  }
}
