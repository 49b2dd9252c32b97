import { setTimeout as delay } from "node:timers/promises";
import type { BatchEvent, BatchProgress } from "@millrace/contracts";
import type { ChannelSubscription } from "../redis/channel-subscriptions.ts";
import { Alarm } from "../reading/alarm.ts";
import type { LogEvent } from "../reading/event-log.ts";
import { GoneError } from "../reading/gone-error.ts";

/** A reader hears of a batch at most ten times a second, in milliseconds. */
const INTERVAL_MS = 100;

/** A batch as it is now. */
export interface BatchReading {
  progress: BatchProgress;
  /** Grows with each change. */
  revision: number;
  /** When it last changed, in milliseconds since 1970. */
  changedAt: number;
}

export interface BatchFollowerOptions {
  /** Revision of the last event that the reader has. */
  after: number;
  subscribe: (listener: () => void) => ChannelSubscription;
  /** Null when the batch has expired. */
  read: () => Promise<BatchReading | null>;
}

/**
 * Follows the progress of one batch: all that has changed since the reader last looked is one event.
 * The caller disposes of it.
 */
export class BatchFollower implements Disposable {
  readonly #options: BatchFollowerOptions;
  readonly #subscription: ChannelSubscription;
  #seen: number;
  #readAt = Number.NEGATIVE_INFINITY;
  /** The batch has changed, or may have, since it was read. */
  #changed = true;
  readonly #alarm = new Alarm();

  constructor(options: BatchFollowerOptions) {
    this.#options = options;
    this.#seen = options.after;
    this.#subscription = options.subscribe(() => this.recheck());
  }

  /** Makes the next call of {@link next} look. */
  recheck(): void {
    this.#changed = true;
    this.#alarm.ring();
  }

  /**
   * The next event; waits for it, `waitMs` at most. An empty list means that the time is over or that `signal` has
   * aborted.
   * @throws StoreUnavailableError when the batch cannot be read; the call can be repeated.
   * @throws GoneError when there is nothing to be followed any more.
   */
  async next(signal: AbortSignal, waitMs: number): Promise<LogEvent[]> {
    const until = performance.now() + waitMs;
    while (!signal.aborted) {
      const event = this.#changed ? await this.#look(signal) : null;
      if (event) return [event];
      const left = until - performance.now();
      if (left <= 0 || signal.aborted) break;
      if (!this.#changed) await this.#alarm.next(signal, left);
    }
    return [];
  }

  [Symbol.dispose](): void {
    this.#subscription.close();
    this.#alarm.ring();
  }

  async #look(signal: AbortSignal): Promise<LogEvent | null> {
    const early = this.#readAt + INTERVAL_MS - performance.now();
    if (early > 0) await delay(early, undefined, { signal }).catch(() => undefined);
    // What changes after this reading is announced only to a subscription that stands by then.
    await this.#subscription.ready.catch(() => undefined);
    this.#changed = false;
    this.#readAt = performance.now();
    try {
      const reading = await this.#options.read();
      if (!reading) throw new GoneError("the batch");
      if (reading.revision <= this.#seen) return null;
      this.#seen = reading.revision;
      return eventOf(reading);
    } catch (error) {
      this.#changed = true;
      throw error;
    }
  }
}

function eventOf({ progress, revision, changedAt }: BatchReading): LogEvent {
  const terminal = progress.status !== "running";
  const type = progress.status === "running" ? "batch.progress" : (`batch.${progress.status}` as const);
  const time = new Date(changedAt).toISOString();
  const event: BatchEvent = { id: revision, type, time, batch: progress };
  return { id: revision, type, terminal, json: JSON.stringify(event) };
}
