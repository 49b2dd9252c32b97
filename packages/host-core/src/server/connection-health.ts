import type { Clock } from "../clock.ts";
import {
  ConnectionLostError,
  isStatus,
  isUnsent,
  RequestRejectedError,
  type McpConnection,
} from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import { TIMED_OUT } from "./call-limit.ts";
import { withDeadline } from "../with-deadline.ts";

/** A connection on which nothing has been heard for this long is pinged. */
const IDLE_MS = 30_000;
const PING_TIMEOUT_MS = 5_000;
/** A ping that failed is repeated sooner. */
const DOUBT_MS = 5_000;
/** Silence for this part of a tool's time counts as all of it: a job's own time begins a little before its call's. */
const SILENT_PART = 0.9;
/** Failures of the connection itself, in a row, without an answer of any kind between them. */
const FAILURES_MAX = 3;

export interface ConnectionHealthOptions {
  clock: Clock;
  connection: Pick<McpConnection, "heard" | "ping">;
  /** How long a tool may be silent, in milliseconds. */
  toolTimeoutMs: () => number;
  /** Called when the connection is to be given up; once at most. */
  onDead: (reason: string) => void;
}

/**
 * Judges one established connection, until `stop`. Silence during a call says nothing: tools may be slow. So it is
 * asked only while no call runs, and a ping that a call overtakes does not count. Errors of calls that no server
 * answered count too, until anything is heard of it. A refusal is an answer.
 *
 * What runs is never given up for calls that failed beside it: their failures make the connection doubtful, and pings
 * decide. So does an HTTP status, at once: somebody is there, and it may be a gateway alone.
 *
 * A call that ends without an answer makes it doubtful when nothing at all has arrived for as long as a tool may be
 * silent, in this call or in those before it: then it is asked at once and again, whatever runs, until something is
 * answered. Without that a server that hangs under a steady load would never be asked.
 *
 * A call that could not be sent ends a connection on which nothing else runs. What runs on other sockets goes on.
 */
export class ConnectionHealth {
  readonly #options: ConnectionHealthOptions;
  #ping: AbortController | null = null;
  #isStopped = false;
  #isDoubted = false;
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #failures = 0;
  /** When the last call has ended. */
  #quietSince: number;
  /** How many messages had arrived when that was last looked at. */
  #heard = 0;
  /** When it was seen to grow, or when the first call was made after an answer. */
  #silentSince: number;
  /** A call has ended without an answer, and nothing was heard since. */
  #owesAnswer = false;

  constructor(options: ConnectionHealthOptions) {
    this.#options = options;
    this.#quietSince = options.clock.monotonicMs();
    this.#silentSince = this.#quietSince;
    this.#lookAfter(IDLE_MS);
  }

  /** Runs a request and learns from its end. */
  async watch<T>(request: () => Promise<T>): Promise<T> {
    const { connection } = this.#options;
    const heardBefore = connection.heard;
    this.#listen();
    if (this.#running === 0 && !this.#owesAnswer) this.#silentSince = this.#now();
    this.#running += 1;
    if (!this.#isDoubted) this.#ping?.abort();
    try {
      const answer = await request();
      this.#trust();
      return answer;
    } catch (error) {
      if (error instanceof RequestRejectedError) this.#trust();
      else if (isStatus(error)) this.#doubt();
      else if (error instanceof ConnectionLostError) this.#loseAnswer(describeError(error));
      else if (isUnsent(error)) this.#hearOfUnsent(describeError(error));
      else if (connection.heard === heardBefore) this.#missAnswer(error);
      throw error;
    } finally {
      this.#running -= 1;
      this.#quietSince = this.#now();
      this.#listen();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#ping?.abort();
    clearTimeout(this.#timer);
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #listen(): void {
    const { heard } = this.#options.connection;
    if (heard === this.#heard) return;
    this.#heard = heard;
    this.#silentSince = this.#now();
    this.#owesAnswer = false;
    this.#failures = 0;
  }

  #lookAfter(delayMs: number): void {
    if (this.#isStopped) return;
    // One timer that looks what has happened, so that a call costs none.
    this.#timer = setTimeout(() => void this.#look(), delayMs).unref();
  }

  async #look(): Promise<void> {
    const quietMs = this.#now() - this.#quietSince;
    const dueInMs = this.#running > 0 ? IDLE_MS : IDLE_MS - quietMs;
    if (dueInMs > 0 && !this.#isDoubted) {
      this.#lookAfter(dueInMs);
      return;
    }
    await this.#ask();
    this.#lookAfter(this.#isDoubted || this.#failures > 0 ? DOUBT_MS : IDLE_MS);
  }

  async #ask(): Promise<void> {
    const ping = new AbortController();
    this.#ping = ping;
    const { signal } = ping;
    const reason = new Error(`it did not answer a ping within ${PING_TIMEOUT_MS / 1_000} s`);
    try {
      const { connection } = this.#options;
      await withDeadline({ signal, timeoutMs: PING_TIMEOUT_MS, reason }, (ends) => connection.ping(ends));
      this.#trust();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RequestRejectedError) this.#trust();
      // What could not be sent says nothing of the calls that were.
      else if (this.#running === 0 || !isUnsent(error)) this.#fail(describeError(error));
    } finally {
      this.#ping = null;
    }
  }

  #trust(): void {
    this.#isDoubted = false;
    this.#failures = 0;
  }

  /** A call has ended with `error`, and nothing was heard meanwhile. */
  #missAnswer(error: unknown): void {
    this.#owesAnswer = true;
    const silentMs = this.#now() - this.#silentSince;
    if (error === TIMED_OUT || silentMs >= this.#options.toolTimeoutMs() * SILENT_PART) this.#doubt();
  }

  /** A call has failed with its connection. */
  #loseAnswer(reason: string): void {
    this.#listen();
    if (this.#running === 1) return this.#fail(reason);
    if (this.#isDoubted) return;
    if (this.#failures + 1 < FAILURES_MAX) this.#fail(reason);
    else this.#doubt();
  }

  /** While others run they are its proof of life, and would be lost with it. */
  #hearOfUnsent(reason: string): void {
    if (this.#running === 1) this.#giveUp(reason);
  }

  /** Pings decide from here on, as many as of a connection of which nothing is known. */
  #doubt(): void {
    if (this.#isDoubted || this.#isStopped) return;
    this.#isDoubted = true;
    this.#failures = 0;
    // A ping that is under way is followed by the next one.
    if (this.#ping !== null) return;
    clearTimeout(this.#timer);
    void this.#look();
  }

  #fail(reason: string): void {
    this.#failures += 1;
    if (this.#failures >= FAILURES_MAX) this.#giveUp(reason);
  }

  #giveUp(reason: string): void {
    if (this.#isStopped) return;
    this.stop();
    this.#options.onDead(reason);
  }
}
