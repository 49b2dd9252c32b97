import { systemClock, type Clock } from "../clock.ts";

/** When the verdict is given at the latest. */
const DEADLINE_MS = 5_000;
/** A server that answers later was busy: perhaps with the very call, and to its end. */
const PROMPT_MS = 1_000;
/** A call has stopped when nothing comes of it for this long after a prompt pong. */
const QUIET_MS = 250;
/** A call that went on, or whose server was slow, has stopped when at the deadline it has been silent for this long. */
const LAST_SILENCE_MS = 1_000;

/** Returns what calls it off. */
function callLater(due: () => void, afterMs: number): () => void {
  let immediate: NodeJS.Immediate | undefined;
  // Timers run before sockets are read, so a sign of the call may be there already when this process was busy.
  const timer = setTimeout(() => (immediate = setImmediate(due)), afterMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}

/**
 * Judges whether a server gave in to `notifications/cancelled` for one call. Begins with the notice; the server is
 * pinged after it, and reads in order, so its pong proves that it has read the notice.
 *
 *     watching ──▶ pong within 1 s, and nothing of the call for 250 ms after it ──▶ gave in
 *         ├──────▶ the call is answered with an error ────────────────────────────▶ gave in
 *         ├──────▶ the call is answered with its result: it ran to its end ───────▶ did not
 *         ├──────▶ the connection is lost ───────────────────────────────────────▶ as the transport says
 *         └──────▶ 5 s are over: gave in if a pong came, and nothing at all for the last second
 *
 * A result with `isError` counts as an error: the tool did not come to its end. A tool that works on without any
 * progress or answer looks like one that has stopped: to the protocol there is no difference.
 */
export class StopProof {
  /** Whether it gave in. Never rejects, settles within 5 s. */
  readonly stopped: Promise<boolean>;
  readonly #verdict = Promise.withResolvers<boolean>();
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #callOffDeadline: () => void;
  #callOffQuiet: (() => void) | undefined;
  /** When the pong or what came last after it did; null before the pong. */
  #lastSignAt: number | null = null;
  #isSettled = false;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.stopped = this.#verdict.promise;
    this.#startedAt = clock.monotonicMs();
    this.#callOffDeadline = callLater(() => this.#judgeAtLast(), DEADLINE_MS);
  }

  /** The server has read the notice. */
  pong(): void {
    if (this.#isSettled) return;
    this.#lastSignAt = this.#clock.monotonicMs();
    if (this.#lastSignAt - this.#startedAt > PROMPT_MS) return;
    this.#callOffQuiet = callLater(() => this.settle(true), QUIET_MS);
  }

  /** The call reported progress. What comes before the pong may have crossed the notice. */
  progress(): void {
    if (this.#lastSignAt === null) return;
    this.#lastSignAt = this.#clock.monotonicMs();
    this.#callOffQuiet?.();
  }

  /** The first verdict counts. Leaves no timer. */
  settle(gaveIn: boolean): void {
    this.#isSettled = true;
    this.#callOffDeadline();
    this.#callOffQuiet?.();
    this.#verdict.resolve(gaveIn);
  }

  #judgeAtLast(): void {
    const silentSince = this.#lastSignAt ?? Number.POSITIVE_INFINITY;
    this.settle(this.#clock.monotonicMs() - silentSince >= LAST_SILENCE_MS);
  }
}
