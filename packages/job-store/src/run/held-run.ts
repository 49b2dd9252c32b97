import type { JobRun } from "./job-run.ts";
import { HandedOver } from "./run-abandoned.ts";
import type { RunTimer } from "./run-timer.ts";

/**
 * A run whose side effect has to wait before it can begin:
 *
 *     free ── hold() ──→ held ── release() ──→ free
 *
 * The record knows as long as it is held, so that nobody wonders later whether the side effect has happened. It knows
 * of the release before the side effect begins. One that never has to wait writes nothing: its claim is its intent.
 * A worker that shuts down hands a held run over at once.
 */
export class HeldRun implements Disposable {
  readonly #run: JobRun;
  readonly #controller: AbortController;
  readonly #timer: RunTimer;
  readonly #draining: AbortSignal;
  #isHeld = false;
  /** The record says that it is held. */
  #isMarked = false;

  constructor(run: JobRun, controller: AbortController, timer: RunTimer, draining: AbortSignal) {
    this.#run = run;
    this.#controller = controller;
    this.#timer = timer;
    this.#draining = draining;
    draining.addEventListener("abort", this.#handOver);
  }

  hold(reason: "server" | "place"): void {
    if (reason === "place") this.#timer.pause();
    this.#isHeld = true;
    // What an earlier run may have done is not made known by this one's waiting.
    if (!this.#isMarked && !this.#run.isUnknown) {
      this.#isMarked = true;
      this.#run.hold().catch(this.#lose);
    }
    this.#handOver();
  }

  /** Resolves once the record knows. */
  async release(): Promise<void> {
    const waitedMs = this.#timer.resume();
    this.#isHeld = false;
    if (!this.#isMarked && waitedMs === 0) return;
    this.#isMarked = false;
    try {
      await this.#run.release(waitedMs);
    } catch (error) {
      this.#lose(error);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#draining.removeEventListener("abort", this.#handOver);
  }

  readonly #handOver = (): void => {
    if (this.#isHeld && this.#draining.aborted) this.#controller.abort(new HandedOver());
  };

  readonly #lose = (error: unknown): void => this.#controller.abort(error);
}
