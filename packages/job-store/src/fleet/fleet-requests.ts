import { randomBytes } from "node:crypto";
import type { FleetRequests } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { Alarm } from "../reading/alarm.ts";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { FleetReader } from "./fleet-reader.ts";
import type { Keys } from "../keys.ts";
import { withStore } from "../redis/answer.ts";

export type FleetRequestName = keyof FleetRequests;

/** A request as it goes over the control channel, after the word `ask`. */
export interface FleetRequestMessage {
  id: string;
  /** Ids of the workers that are asked. */
  workers: readonly string[];
  name: string;
  body: unknown;
  /** Where the id is published once an answer is stored. */
  replyTo: string;
  /** Nobody waits for longer. */
  timeoutMs: number;
}

/** `failed`: the worker could not handle the request, which its log explains. `silent`: it gave no answer in time. */
export type FleetOutcome<Name extends FleetRequestName> =
  | { outcome: "answered"; answer: FleetRequests[Name]["answer"] }
  | { outcome: "failed"; message: string }
  | { outcome: "silent" };

/** The form in which a worker stores its answer. */
export type StoredAnswer = Exclude<FleetOutcome<FleetRequestName>, { outcome: "silent" }>;

/** By worker id. */
export type FleetOutcomes<Name extends FleetRequestName> = Map<string, FleetOutcome<Name>>;

export interface AskOptions<Name extends FleetRequestName> {
  name: Name;
  body: FleetRequests[Name]["body"];
  workers: readonly string[];
  timeoutMs: number;
  /** Nobody waits any more: resolves with what there is. */
  signal: AbortSignal;
}

/** How often answers are looked for without having been announced, in milliseconds. */
const RECHECK_MS = 1_000;

/**
 * Asks workers for something that only they can do. A worker stores its answer, whatever its size, in a key of its own
 * that expires, and announces it on the channel of the process that asked; a lost announcement costs a second. Which
 * workers there are, the fleet tells: who has read it has a connection that stands.
 */
export class FleetRequester {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #fleet: Pick<FleetReader, "forget">;
  readonly #channel: string;
  /** By request id: what wakes who waits for its answers. */
  readonly #waiting = new Map<string, Alarm>();

  /** `fleet` reads again after each request: what workers do for one, they publish before they answer. */
  constructor(
    redis: Redis,
    keys: Keys,
    subscriptions: ChannelSubscriptions,
    fleet: Pick<FleetReader, "forget">,
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#fleet = fleet;
    this.#channel = keys.fleetReplies(randomBytes(5).toString("hex"));
    subscriptions.subscribe(this.#channel, (id) => {
      if (id !== null) this.#waiting.get(id)?.ring();
      else for (const news of this.#waiting.values()) news.ring();
    });
  }

  /**
   * Resolves with an outcome for each worker, as soon as all have answered or `timeoutMs` are over. Rejects with
   * `StoreUnavailableError` while Redis is away.
   */
  async ask<Name extends FleetRequestName>(request: AskOptions<Name>): Promise<FleetOutcomes<Name>> {
    const { name, body, workers, timeoutMs, signal } = request;
    const id = randomBytes(8).toString("hex");
    const answers: FleetOutcomes<Name> = new Map();
    const until = performance.now() + timeoutMs;
    const message: FleetRequestMessage = { id, workers, name, body, replyTo: this.#channel, timeoutMs };
    const news = new Alarm();
    this.#waiting.set(id, news);
    try {
      await withStore(() => this.#redis.publish(this.#keys.control, `ask ${JSON.stringify(message)}`));
      while (answers.size < workers.length && !signal.aborted && performance.now() < until) {
        await news.next(signal, Math.min(until - performance.now(), RECHECK_MS));
        const missing = workers.filter((worker) => !answers.has(worker));
        for (const [worker, text] of await this.#collect(id, missing)) {
          answers.set(worker, JSON.parse(text) as FleetOutcome<Name>);
        }
      }
    } finally {
      this.#waiting.delete(id);
      this.#fleet.forget();
    }
    return new Map(workers.map((worker) => [worker, answers.get(worker) ?? { outcome: "silent" }]));
  }

  async #collect(id: string, workers: readonly string[]): Promise<[string, string][]> {
    const keys = workers.map((worker) => this.#keys.fleetAnswer(id, worker));
    const texts = await withStore(() => Promise.all(keys.map((key) => this.#redis.getdel(key))));
    return workers.flatMap((worker, index): [string, string][] => {
      const text = texts[index] ?? null;
      return text === null ? [] : [[worker, text]];
    });
  }
}
