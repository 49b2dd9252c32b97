import type { Clock } from "../clock.ts";

/** Why a call was aborted that took longer than its limit. */
export const TIMED_OUT = Symbol("timed out");

/** However long it reports progress, a call gets at most this many times its server's tool timeout. */
const TIMEOUTS_MAX = 10;

/**
 * Bounds a call in time: it is over when nothing has come of it for the server's tool timeout. Each report of progress
 * gives it that time anew, up to an absolute limit.
 */
export class CallLimit {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onOver: () => void;
  readonly #startedAt: number;
  #lastSignAt: number;
  /** Questions of the tool that we have not answered yet. */
  #questions = 0;
  #timer: NodeJS.Timeout;

  constructor(timeoutMs: number, clock: Clock, onOver: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onOver = onOver;
    this.#startedAt = clock.monotonicMs();
    this.#lastSignAt = this.#startedAt;
    this.#timer = setTimeout(() => this.#look(), timeoutMs);
  }

  /** In milliseconds. */
  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startedAt;
  }

  /** Whether progress has prolonged it as far as it goes. */
  get isAbsolute(): boolean {
    return this.elapsedMs >= this.#longestMs;
  }

  /** The call gives a sign of life. Costs no timer: that looks by itself. */
  prolong(): void {
    this.#lastSignAt = this.#clock.monotonicMs();
  }

  /** While we answer it, the tool cannot give any sign. */
  async whileAnswering<T>(answer: () => Promise<T>): Promise<T> {
    this.#questions += 1;
    try {
      return await answer();
    } finally {
      this.#questions -= 1;
      this.prolong();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  get #longestMs(): number {
    return TIMEOUTS_MAX * this.#timeoutMs;
  }

  #look(): void {
    if (this.#questions > 0) this.prolong();
    const now = this.#clock.monotonicMs();
    const overAt = Math.min(this.#lastSignAt + this.#timeoutMs, this.#startedAt + this.#longestMs);
    if (now >= overAt) this.#onOver();
    else this.#timer = setTimeout(() => this.#look(), Math.ceil(overAt - now));
  }
}
