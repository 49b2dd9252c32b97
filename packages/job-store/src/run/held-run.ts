import type { JobRun } from "./job-run.ts";
import type { OpenClaims } from "./open-claims.ts";
import { HandedOver } from "./abort-reasons.ts";
import type { RunTimer } from "./run-timer.ts";

/** What the record said this long ago may have changed: another run may hold the job. In milliseconds. */
const LATE_MS = 1_000;

interface HeldRunDependencies {
  controller: AbortController;
  timer: RunTimer;
  draining: AbortSignal;
  claims: OpenClaims;
}

/**
 * A run whose side effect has to wait before it can begin:
 *
 *     free ── hold() ──→ held ── release() ──→ free
 *
 * The record knows as long as it is held, so that nobody wonders later whether the side effect has happened. It knows
 * of the release before the side effect begins, and the time that the job has left while it stands still: whoever takes
 * the job over goes on with it. One that never has to wait writes nothing: its claim is its intent, unless it was claimed
 * as held, or its worker has stalled since.
 * A worker that shuts down hands a held run over at once. One that is held once more, after the answer to its side
 * effect was lost, does not say that nothing has begun.
 */
export class HeldRun implements Disposable {
  readonly #run: JobRun;
  readonly #dependencies: HeldRunDependencies;
  #isHeld = false;
  /** The record says that nothing has begun. */
  #saysIdle: boolean;
  /** The record says that the job's time stands still. */
  #saysPaused: boolean;
  /** When the last word of the record was asked for by which this run holds the job; monotonic. */
  #askedAt: number;

  constructor(run: JobRun, dependencies: HeldRunDependencies) {
    this.#run = run;
    this.#dependencies = dependencies;
    const { intent } = run.claimed;
    this.#saysIdle = intent.isHeld;
    this.#saysPaused = intent.isHeld;
    this.#askedAt = intent.askedAt;
    if (run.isUnknown) dependencies.claims.settle(run.fence.jobId);
    dependencies.draining.addEventListener("abort", this.#handOver);
  }

  hold(reason: "server" | "place"): void {
    const { timer, claims } = this.#dependencies;
    const { jobId } = this.#run.fence;
    if (reason === "place") timer.pause();
    this.#isHeld = true;
    claims.waits(jobId);
    const { isPaused, leftMs } = timer;
    const { isUnknown } = this.#run;
    const mustSayIdle = !this.#saysIdle && !isUnknown;
    if (mustSayIdle || this.#saysPaused !== isPaused) {
      this.#saysIdle = !isUnknown;
      this.#saysPaused = isPaused;
      this.#run.hold(isPaused ? leftMs : null).then(() => claims.settle(jobId), this.#lose);
    }
    this.#handOver();
  }

  /** Resolves once the record knows. */
  async release(): Promise<void> {
    const { timer, controller, claims } = this.#dependencies;
    const waitedMs = timer.resume();
    this.#isHeld = false;
    try {
      if (this.#saysIdle || this.#saysPaused) await this.#confirm(waitedMs);
      while (performance.now() - this.#askedAt > LATE_MS) {
        controller.signal.throwIfAborted();
        await this.#confirm(0);
      }
    } catch (error) {
      this.#lose(error);
      throw error;
    }
    claims.remove(this.#run.fence.jobId);
  }

  [Symbol.dispose](): void {
    this.#dependencies.draining.removeEventListener("abort", this.#handOver);
  }

  async #confirm(waitedMs: number): Promise<void> {
    this.#saysIdle = false;
    this.#saysPaused = false;
    this.#askedAt = performance.now();
    await this.#run.release(waitedMs);
  }

  readonly #handOver = (): void => {
    const { controller, draining } = this.#dependencies;
    if (this.#isHeld && draining.aborted) controller.abort(new HandedOver());
  };

  readonly #lose = (error: unknown): void => this.#dependencies.controller.abort(error);
}
