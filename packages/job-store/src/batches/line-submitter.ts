import { setTimeout as delay } from "node:timers/promises";
import { QueueFullError } from "../admission/tenant-limits.ts";
import { asStoreError } from "../redis/unavailable.ts";
import { whileAnswering } from "../redis/while-answering.ts";
import type { Submission } from "../submission/submission.ts";

/** How long an upload waits at the key's cap of queued jobs without getting on, in milliseconds. */
export const CAP_WAIT_MS = 60_000;
const CAP_RETRY_MS = 250;
/** At the cap so few are tried at a time: most of them will be refused. */
const PROBE_JOBS = 10;

/** Jobs of several uploads wait for the same writers, so a chunk may take long although Redis is well. In milliseconds. */
export const WRITE_TIMEOUT_MS = 15_000;

export interface LineSubmitterOptions {
  submit: (submission: Submission) => Promise<unknown>;
  /** Asks Redis for something small. */
  ask: () => Promise<unknown>;
  /** Throws when the batch takes no more lines of this upload. */
  check: () => Promise<unknown>;
  /** Takes the lines of jobs back that have not been written. */
  withdraw: (submissions: readonly Submission[]) => Promise<void>;
  /** Ends waiting at the key's cap early. */
  signal: AbortSignal;
  /** How long it waits there without getting on, in milliseconds. */
  capWaitMs: number;
}

/** What became of some submissions: those that the key's cap has refused. */
interface Attempt {
  refused: readonly Submission[];
  error: QueueFullError | null;
}

/** Writes the jobs of one upload's lines. At the key's cap it waits for room, and lines wait for those before them. */
export class LineSubmitter {
  readonly #options: LineSubmitterOptions;
  readonly #underWay = new Set<Promise<unknown>>();
  /** How many calls wait for room. */
  #waiting = 0;

  constructor(options: LineSubmitterOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all have been written. `before` is the writing of all lines before these, and rejects when that fails.
   * @throws QueueFullError when there was no room for too long; the lines of those left have been withdrawn then.
   */
  async submit(submissions: readonly Submission[], before: Promise<unknown>): Promise<void> {
    const { withdraw } = this.#options;
    let left = submissions;
    try {
      if (this.#waiting > 0) await before;
      const { refused, error } = await this.#attempt(left);
      left = refused;
      if (!error) return;
      this.#waiting += 1;
      try {
        await before;
        for await (const still of this.#inTurn(left, error)) left = still;
      } finally {
        this.#waiting -= 1;
      }
    } catch (error) {
      if (error instanceof QueueFullError) await withdraw(left);
      throw error;
    }
  }

  /** Resolves when nothing is being written any more, also of what nobody waits for. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Writes them as there is room, and tells after each attempt what is left. The time at the cap begins anew with each. */
  async *#inTurn(submissions: readonly Submission[], refusal: QueueFullError) {
    const { check, signal, capWaitMs } = this.#options;
    let left = submissions;
    let full: QueueFullError | null = refusal;
    let until = performance.now() + capWaitMs;
    while (left.length > 0) {
      if (full) {
        if (performance.now() >= until || signal.aborted) throw full;
        await delay(CAP_RETRY_MS, undefined, { signal }).catch(() => undefined);
        // The batch may have been cancelled meanwhile, or a newer upload may have come.
        await check();
      }
      // What the cap refuses has been written in vain, so a few ask whether there is room again.
      const tried: readonly Submission[] = full ? left.slice(0, PROBE_JOBS) : left;
      const { refused, error } = await this.#attempt(tried);
      left = [...refused, ...left.slice(tried.length)];
      full = error;
      if (refused.length < tried.length) until = performance.now() + capWaitMs;
      yield left;
    }
  }

  async #attempt(submissions: readonly Submission[]): Promise<Attempt> {
    const { submit, ask } = this.#options;
    const writing = Promise.allSettled(submissions.map((submission) => submit(submission)));
    this.#underWay.add(writing);
    void writing.then(() => this.#underWay.delete(writing));
    const written = await whileAnswering(ask, () => writing, WRITE_TIMEOUT_MS);
    let error: QueueFullError | null = null;
    const refused = submissions.filter((_, index) => {
      const result = written[index];
      if (result?.status !== "rejected") return false;
      if (!(result.reason instanceof QueueFullError)) throw asStoreError(result.reason);
      error = result.reason;
      return true;
    });
    return { refused, error };
  }
}
