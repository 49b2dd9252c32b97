import { randomBytes } from "node:crypto";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { Keys } from "../keys.ts";
import { Alarm } from "./alarm.ts";

/** Called with the stored terminal event, or with null when the job should be looked up. */
type EndListener = (event: string | null) => void;

/**
 * Tells requests of this process that a job has ended. One channel for the whole process: a request that waits
 * from the job's submission on needs no subscription of its own.
 */
export class JobEnds {
  /** Named in the records of the jobs that this process waits for. */
  readonly channel: string;
  readonly #listeners = new Map<string, EndListener>();

  constructor(subscriptions: ChannelSubscriptions, keys: Keys) {
    this.channel = keys.ends(randomBytes(5).toString("hex"));
    subscriptions.subscribe(this.channel, (message) => this.#receive(message));
  }

  /** Listens for one job's end, from before its submission on. Returns what ends the listening. */
  listen(jobId: string, listener: EndListener): () => void {
    this.#listeners.set(jobId, listener);
    return () => this.#listeners.delete(jobId);
  }

  /** A message is a job's id, and on a second line its terminal event unless that was too large to publish. */
  #receive(message: string | null): void {
    if (message === null) {
      for (const listener of this.#listeners.values()) listener(null);
      return;
    }
    const newline = message.indexOf("\n");
    const jobId = newline < 0 ? message : message.slice(0, newline);
    this.#listeners.get(jobId)?.(newline < 0 ? null : message.slice(newline + 1));
  }
}

/** One request's wait for one job. */
export class PendingEnd implements Disposable {
  readonly #stop: () => void;
  #event: string | null = null;
  readonly #alarm = new Alarm();

  constructor(ends: JobEnds, jobId: string) {
    this.#stop = ends.listen(jobId, (event) => {
      this.#event = event;
      this.#alarm.ring();
    });
  }

  /** The terminal event; null when `waitMs` are over, when `signal` aborts, or when the job should be looked up. */
  async next(signal: AbortSignal, waitMs: number): Promise<string | null> {
    await this.#alarm.next(signal, waitMs);
    return this.#event;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
