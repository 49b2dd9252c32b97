import type { Clock } from "../clock.ts";
import { ConnectionLostError, RequestRejectedError } from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import { TIMED_OUT } from "./call-limit.ts";
import { withDeadline } from "../with-deadline.ts";

/** A connection of which nothing has been heard for so long is asked. */
const IDLE_MS = 30_000;
const PING_TIMEOUT_MS = 5_000;
/** A ping that failed is repeated sooner. */
const DOUBT_MS = 5_000;
/** Failures of the connection itself, in a row, without an answer of any kind between them. */
const MOST_FAILURES = 3;

export interface ConnectionHealthOptions {
  clock: Clock;
  /** How many messages have arrived so far. */
  heard: () => number;
  ping: (signal: AbortSignal) => Promise<void>;
  /** It is to be given up. At most once. */
  onDead: (reason: string) => void;
}

/**
 * Judges one established connection, until `stop`. Silence during a call says nothing: tools may be slow. So it is
 * asked only while no call runs, and a ping that a call overtakes does not count. Errors of calls that no server
 * answered count too. A refusal is an answer.
 *
 * A call that timed out, while nothing at all has arrived, makes it doubtful: then it is asked at once and again,
 * whatever runs, until something is answered. Without that a server that hangs under a steady load would never be asked.
 */
export class ConnectionHealth {
  readonly #options: ConnectionHealthOptions;
  #ping: AbortController | null = null;
  #isStopped = false;
  #isDoubted = false;
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #failures = 0;
  #quietSince: number;

  constructor(options: ConnectionHealthOptions) {
    this.#options = options;
    this.#quietSince = options.clock.monotonicMs();
    this.#lookAfter(IDLE_MS);
  }

  /** Runs a request and learns from its end. */
  async watch<T>(request: () => Promise<T>): Promise<T> {
    const { heard } = this.#options;
    const heardBefore = heard();
    this.#running += 1;
    if (!this.#isDoubted) this.#ping?.abort();
    try {
      const answer = await request();
      this.#trust();
      return answer;
    } catch (error) {
      if (error instanceof RequestRejectedError) this.#trust();
      if (error instanceof ConnectionLostError) this.#fail(describeError(error));
      if (error === TIMED_OUT && heard() === heardBefore) this.#doubt();
      throw error;
    } finally {
      this.#running -= 1;
      this.#quietSince = this.#options.clock.monotonicMs();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#ping?.abort();
    clearTimeout(this.#timer);
  }

  #lookAfter(delayMs: number): void {
    if (this.#isStopped) return;
    // One timer that looks what has happened, so that a call costs none.
    this.#timer = setTimeout(() => void this.#look(), delayMs).unref();
  }

  async #look(): Promise<void> {
    const quietMs = this.#options.clock.monotonicMs() - this.#quietSince;
    const dueInMs = this.#running > 0 ? IDLE_MS : IDLE_MS - quietMs;
    if (dueInMs > 0 && !this.#isDoubted) {
      this.#lookAfter(dueInMs);
      return;
    }
    await this.#ask();
    this.#lookAfter(this.#failures > 0 ? DOUBT_MS : IDLE_MS);
  }

  async #ask(): Promise<void> {
    const ping = new AbortController();
    this.#ping = ping;
    const { signal } = ping;
    const reason = new Error(`it did not answer a ping within ${PING_TIMEOUT_MS / 1_000} s`);
    try {
      await withDeadline({ signal, timeoutMs: PING_TIMEOUT_MS, reason }, this.#options.ping);
      this.#trust();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RequestRejectedError) this.#trust();
      else this.#fail(describeError(error));
    } finally {
      this.#ping = null;
    }
  }

  #trust(): void {
    this.#isDoubted = false;
    this.#failures = 0;
  }

  #doubt(): void {
    if (this.#isDoubted || this.#isStopped) return;
    this.#isDoubted = true;
    clearTimeout(this.#timer);
    void this.#look();
  }

  #fail(reason: string): void {
    this.#failures += 1;
    if (this.#failures < MOST_FAILURES || this.#isStopped) return;
    this.stop();
    this.#options.onDead(reason);
  }
}
