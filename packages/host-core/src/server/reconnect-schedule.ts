import type { Clock } from "../clock.ts";
import { NeedsAuthError } from "../connection/connection.ts";
import {
  afterFailedAttempt,
  afterLife,
  delayBeforeAttempt,
  FIRST_ATTEMPT,
  probeDelay,
} from "./reconnect-policy.ts";

export interface ReconnectScheduleOptions {
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
}

/** Remembers what became of a server's connections, and says by the policy when to try the next. */
export class ReconnectSchedule {
  readonly #options: ReconnectScheduleOptions;
  #history = FIRST_ATTEMPT;
  /** Null while there is no connection. */
  #connectedAt: number | null = null;

  constructor(options: ReconnectScheduleOptions) {
    this.#options = options;
  }

  connected(): void {
    this.#connectedAt = this.#options.clock.monotonicMs();
  }

  /** Milliseconds from now to the next attempt, when the connection or an attempt has ended with `error`. */
  ended(error: unknown): number {
    const { clock, random } = this.#options;
    this.#history =
      this.#connectedAt === null
        ? afterFailedAttempt(this.#history)
        : afterLife(this.#history, clock.monotonicMs() - this.#connectedAt);
    this.#connectedAt = null;
    // A server that has refused our credentials is not asked again and again.
    return error instanceof NeedsAuthError
      ? probeDelay(random())
      : delayBeforeAttempt(this.#history, random());
  }
}
