import { setTimeout as delay } from "node:timers/promises";

export interface RepeatingTaskOptions {
  /** Between the end of one time and the beginning of the next, and before the first. In milliseconds. */
  intervalMs: number;
  task: () => Promise<void>;
  /** The task has rejected; it is tried again after the interval. */
  onError: (error: unknown) => void;
}

/** Does the same thing again and again, from `start()` on until it is closed. */
export class RepeatingTask {
  readonly #options: RepeatingTaskOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: RepeatingTaskOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Resolves when it is not under way any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { intervalMs, task, onError } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await task().catch(onError);
    }
  }
}
