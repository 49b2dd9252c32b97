import type { Redis } from "ioredis";
import type { Keys } from "./keys.ts";

/** A message of a job's channel; `event` is missing when it was too large to publish. */
export interface LogMessage {
  id: number;
  event: string | null;
}

/** Called with each message, and with null when messages may have been lost. */
export type LogListener = (message: LogMessage | null) => void;

export interface LogSubscription {
  /** Resolves once Redis has confirmed it: what is published from then on arrives. */
  ready: Promise<void>;
  close(): void;
}

interface Channel {
  listeners: Set<LogListener>;
  ready: Promise<void>;
}

/** All of a process' subscriptions, on one connection. Pub/sub may lose messages: it only wakes readers. */
export class LogSubscriptions {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #channels = new Map<string, Channel>();

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
    redis.on("message", (name: string, text: string) => this.#deliver(name, text));
    redis.on("ready", () => void this.#announceGap());
  }

  subscribe(jobId: string, listener: LogListener): LogSubscription {
    return this.subscribeChannel(this.#keys.events(jobId), listener);
  }

  subscribeChannel(name: string, listener: LogListener): LogSubscription {
    const channel = this.#channels.get(name) ?? this.#open(name);
    channel.listeners.add(listener);
    return { ready: channel.ready, close: () => this.#leave(name, listener) };
  }

  #open(name: string): Channel {
    const ready = this.#redis.subscribe(name).then(() => undefined);
    // Who waits for it sees the error; a reader that is already gone does not.
    ready.catch(() => undefined);
    const channel = { listeners: new Set<LogListener>(), ready };
    this.#channels.set(name, channel);
    return channel;
  }

  #leave(name: string, listener: LogListener): void {
    const channel = this.#channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    this.#redis.unsubscribe(name).catch(() => undefined);
  }

  #deliver(name: string, text: string): void {
    const listeners = this.#channels.get(name)?.listeners;
    if (!listeners) return;
    const newline = text.indexOf("\n");
    const message: LogMessage =
      newline < 0
        ? { id: Number(text), event: null }
        : { id: Number(text.slice(0, newline)), event: text.slice(newline + 1) };
    for (const listener of listeners) listener(message);
  }

  /** After a reconnect, and once the subscriptions are taken up again, every reader reads its log. */
  async #announceGap(): Promise<void> {
    try {
      await this.#redis.ping();
    } catch {
      return;
    }
    for (const { listeners } of this.#channels.values()) for (const listener of listeners) listener(null);
  }
}
