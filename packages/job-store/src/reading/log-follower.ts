import { setTimeout as delay } from "node:timers/promises";
import { isTerminalEvent } from "@millrace/contracts";
import type { ChannelSubscription, ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import { Alarm } from "./alarm.ts";
import { eventType, publicEvent, type EventLog, type LogEvent } from "./event-log.ts";
import { GoneError } from "./gone-error.ts";
import type { Keys } from "../keys.ts";
import type { ReadPlaces } from "./read-places.ts";
import { withStore } from "../redis/answer.ts";

/** Live events that wait for a slow reader; beyond this they are dropped and read from the log later. */
const LIVE_BYTES_MAX = 64 * 1_024;
const PAGE_LENGTH = 50;
/** In milliseconds; less than what a read may take. */
const SUBSCRIBE_PATIENCE_MS = 500;

export interface FollowOptions {
  jobId: string;
  /** Id of the last event that the reader has. */
  after: number;
  /** The job is about to be created by this process, so the log needs no reading as long as no id is missing. */
  fresh?: boolean;
}

interface FollowerDependencies {
  log: EventLog;
  places: ReadPlaces;
  subscriptions: ChannelSubscriptions;
  keys: Keys;
}

/**
 * Follows one job's log: subscribes, reads what is there, goes live, and checks the ids of live events for gaps.
 * A gap, a lost connection, a large event or a reader that is behind all end in the same cure: read the log.
 */
export class LogFollower implements Disposable {
  readonly #jobId: string;
  readonly #log: EventLog;
  readonly #places: ReadPlaces;
  readonly #subscription: ChannelSubscription;
  /** Resolves when the subscription stands, or cannot be made now. */
  readonly #subscribed: Promise<void>;
  #cursor: number;
  #first: string | null = null;
  #live: { id: number; stored: string }[] = [];
  #liveBytes = 0;
  /** The log holds, or may hold, events that are neither delivered nor in `#live`. */
  #behind: boolean;
  readonly #alarm = new Alarm();

  constructor(
    { log, places, subscriptions, keys }: FollowerDependencies,
    { jobId, after, fresh = false }: FollowOptions,
  ) {
    this.#jobId = jobId;
    this.#log = log;
    this.#places = places;
    this.#cursor = after;
    this.#behind = !fresh;
    this.#subscription = subscriptions.subscribe(keys.events(jobId), (message) => this.#receive(message));
    this.#subscribed = this.#subscription.ready.catch(() => undefined);
  }

  /** Id of the last event that was delivered. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * The log has been created. A subscription that stood in time has brought its first event already, or brings it
   * before any other; if it has not, the log is read.
   */
  created(): void {
    if (this.#cursor === 0 && this.#live.length === 0) this.#behind = true;
  }

  /** Makes the next call of {@link next} read the log: the cure for messages that got lost unnoticed. */
  recheck(): void {
    this.#behind = true;
    this.#alarm.ring();
  }

  /**
   * The next events, in order and without gaps; waits for one, `waitMs` at most.
   * An empty list means that the time is over or that `signal` has aborted.
   * @throws StoreUnavailableError when the log cannot be read; the cursor stays, so the call can be repeated.
   * @throws GoneError when there is nothing to be followed any more.
   */
  async next(signal: AbortSignal, waitMs: number): Promise<LogEvent[]> {
    const until = performance.now() + waitMs;
    while (!signal.aborted) {
      const events = this.#behind ? await this.#readLog() : this.#takeLive();
      if (events.length > 0) {
        this.#cursor = events.at(-1)?.id ?? this.#cursor;
        return events;
      }
      if (this.#behind || this.#live.length > 0) continue;
      const left = until - performance.now();
      if (left <= 0 || signal.aborted) break;
      await this.#alarm.next(signal, left);
    }
    return [];
  }

  [Symbol.dispose](): void {
    this.#subscription.close();
    this.#alarm.ring();
  }

  async #readLog(): Promise<LogEvent[]> {
    this.#behind = false;
    this.#live = [];
    this.#liveBytes = 0;
    try {
      // What is written after this reading is announced only to a subscription that stands by then. One that does not
      // come to stand soon tells when it does.
      await Promise.race([this.#subscribed, delay(SUBSCRIBE_PATIENCE_MS, undefined, { ref: false })]);
      const { events, hasMore, isGone } = await this.#places.run(() =>
        withStore(() => this.#log.read(this.#jobId, this.#cursor, PAGE_LENGTH)),
      );
      if (isGone) throw new GoneError(this.#jobId);
      if (hasMore) this.#behind = true;
      // What was announced meanwhile may have been read already.
      const last = events.at(-1)?.id ?? this.#cursor;
      this.#live = this.#live.filter(({ id }) => id > last);
      return events;
    } catch (error) {
      this.#behind = true;
      throw error;
    }
  }

  #takeLive(): LogEvent[] {
    const events: LogEvent[] = [];
    for (const { id, stored } of this.#live) {
      if (id === 1) this.#first = stored;
      if (this.#first === null && isTerminalEvent(eventType(stored))) {
        // A terminal event is shown with what the first one says, so the log has to be read.
        this.#behind = true;
        break;
      }
      events.push(publicEvent(this.#jobId, id, stored, this.#first ?? ""));
    }
    this.#live = [];
    this.#liveBytes = 0;
    return events;
  }

  /** A message is an event's id, and on a second line the event itself unless it was too large to publish. */
  #receive(message: string | null): void {
    const [id, stored] = message === null ? [null, null] : parseMessage(message);
    const newest = this.#live.at(-1)?.id ?? this.#cursor;
    if (id !== null && id <= newest) return;
    const fits = stored !== null && this.#liveBytes < LIVE_BYTES_MAX;
    if (!this.#behind && id === newest + 1 && fits) {
      this.#live.push({ id, stored });
      this.#liveBytes += stored.length;
    } else {
      this.#behind = true;
    }
    this.#alarm.ring();
  }
}

function parseMessage(message: string): [id: number, stored: string | null] {
  const newline = message.indexOf("\n");
  if (newline < 0) return [Number(message), null];
  return [Number(message.slice(0, newline)), message.slice(newline + 1)];
}
