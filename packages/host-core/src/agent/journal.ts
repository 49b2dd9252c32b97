import type { JobStep } from "@millrace/contracts";
import { abortable } from "../abortable.ts";
import type { AgentRun } from "./agent.ts";
import { applyStep, type AgentState } from "./agent-state.ts";

/** What the log said this long ago may have changed: another start may hold the job. In milliseconds. */
const LATE_MS = 1_000;

/**
 * The way of every step: first it changes the state, then it is written. So a job that goes on after a crash has, from
 * the log alone, the state that it would have had. Nothing is written once the signal has aborted.
 */
export class Journal {
  readonly #run: Pick<AgentRun, "write" | "signal">;
  readonly #state: AgentState;
  #recorded: JobStep[] = [];
  readonly #writing = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;
  /** When the last write was begun that has been stored, so that the job was still this start's; monotonic. */
  #heldAt = Number.NEGATIVE_INFINITY;

  constructor(run: Pick<AgentRun, "write" | "signal">, state: AgentState) {
    this.#run = run;
    this.#state = state;
  }

  /** Takes steps that are written together by the next `commit`. */
  record(...steps: readonly JobStep[]): void {
    for (const step of steps) applyStep(this.#state, step);
    this.#recorded.push(...steps);
  }

  /** Resolves once all that was recorded is stored; rejects with the signal's reason when it aborts. */
  async commit(): Promise<void> {
    this.#run.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
    const steps = this.#recorded;
    this.#recorded = [];
    if (steps.length > 0) await abortable(this.#write(steps), this.#run.signal);
  }

  /**
   * Writes steps that nothing depends on. Resolves once they are stored or cannot be; `commit` and `stored` tell when
   * that has failed.
   */
  async note(...steps: readonly JobStep[]): Promise<void> {
    if (this.#run.signal.aborted || this.#failure || steps.length === 0) return;
    for (const step of steps) applyStep(this.#state, step);
    await this.#write(steps).catch(() => {});
  }

  /**
   * Makes sure that the job is still this start's, right before something is begun that nobody can take back: this
   * process may have stood still since its last write. Costs nothing when that was just now. Rejects when the job is not.
   */
  confirm(): Promise<void> | undefined {
    return this.#isLate ? this.#confirm() : undefined;
  }

  /** Resolves once everything is stored. */
  async stored(): Promise<void> {
    await abortable(Promise.all(this.#writing), this.#run.signal);
    await this.commit();
  }

  get #isLate(): boolean {
    return performance.now() - this.#heldAt > LATE_MS;
  }

  async #confirm(): Promise<void> {
    while (this.#isLate) {
      this.#run.signal.throwIfAborted();
      await abortable(this.#write([]), this.#run.signal);
    }
  }

  async #write(steps: readonly JobStep[]): Promise<void> {
    const begunAt = performance.now();
    const writing = this.#run.write(steps);
    this.#writing.add(writing);
    try {
      await writing;
      this.#heldAt = Math.max(this.#heldAt, begunAt);
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#writing.delete(writing);
    }
  }
}
