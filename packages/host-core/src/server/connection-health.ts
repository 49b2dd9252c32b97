import type { Clock } from "../clock.ts";
import { ConnectionLostError, RequestRejectedError } from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import { withDeadline } from "./with-deadline.ts";

/** A connection of which nothing has been heard for so long is asked. */
const IDLE_MS = 30_000;
const PING_TIMEOUT_MS = 5_000;
/** A ping that failed is repeated sooner. */
const DOUBT_MS = 5_000;
/** Failures of the connection itself, in a row, without an answer of any kind between them. */
const MOST_FAILURES = 3;

export interface ConnectionHealthOptions {
  clock: Clock;
  ping: (signal: AbortSignal) => Promise<void>;
  /** It is to be given up. At most once. */
  onDead: (reason: string) => void;
}

/**
 * Judges one established connection, until `stop`. Silence during a call says nothing: tools may be slow. So it is
 * asked only while no call runs, and a ping that a call overtakes does not count. Errors of calls that no server
 * answered count too. A refusal is an answer.
 */
export class ConnectionHealth {
  readonly #options: ConnectionHealthOptions;
  #ping: AbortController | null = null;
  #isStopped = false;
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
    this.#running += 1;
    this.#ping?.abort();
    try {
      const answer = await request();
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (error instanceof RequestRejectedError) this.#failures = 0;
      if (error instanceof ConnectionLostError) this.#fail(describeError(error));
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
    if (dueInMs > 0) {
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
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RequestRejectedError) this.#failures = 0;
      else this.#fail(describeError(error));
    } finally {
      this.#ping = null;
    }
  }

  #fail(reason: string): void {
    this.#failures += 1;
    if (this.#failures < MOST_FAILURES || this.#isStopped) return;
    this.stop();
    this.#options.onDead(reason);
  }
}
