import type { Clock } from "../clock.ts";

/** Runs an action at once when it is asked for, and then at most once in an interval; what is asked for comes. */
export class Pacer {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #action: () => void;
  #lastRunAt = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(intervalMs: number, clock: Clock, action: () => void) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#action = action;
  }

  ask(): void {
    if (this.#timer) return;
    const waitMs = this.#lastRunAt + this.#intervalMs - this.#clock.monotonicMs();
    if (waitMs <= 0) this.runNow();
    else this.#timer = setTimeout(() => this.runNow(), Math.ceil(waitMs));
  }

  runNow(): void {
    this.stop();
    this.#lastRunAt = this.#clock.monotonicMs();
    this.#action();
  }

  /** Forgets what was asked for. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
