interface Waiting {
  readonly begin: () => void;
}

/** So many at once, the others in the order in which they came. One that gets a slot at once costs nothing to speak of. */
export class Slots {
  #limit: number;
  #taken = 0;
  readonly #waiting = new Set<Waiting>();
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get areTaken(): boolean {
    return this.#taken >= this.#limit;
  }

  /** Those that run now run on, whatever the limit is. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  /** Runs `task` when there is a slot. Rejects with the signal's reason when it aborts before that. */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.areTaken || this.#waiting.size > 0) await this.#wait(signal);
    else this.#taken += 1;
    try {
      return await task();
    } finally {
      this.#taken -= 1;
      this.#admit();
    }
  }

  /** Resolves when nothing runs or waits. */
  async whenIdle(): Promise<void> {
    if (this.#isIdle) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  get #isIdle(): boolean {
    return this.#taken === 0 && this.#waiting.size === 0;
  }

  /** Comes back with a slot. */
  async #wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const begun = Promise.withResolvers<void>();
    const waiting: Waiting = { begin: begun.resolve };
    const onAbort = () => {
      if (!this.#waiting.delete(waiting)) return;
      begun.reject(signal.reason);
      this.#admit();
    };
    this.#waiting.add(waiting);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await begun.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.areTaken) return;
      this.#waiting.delete(waiting);
      this.#taken += 1;
      waiting.begin();
    }
    if (!this.#isIdle) return;
    this.#idle?.resolve();
    this.#idle = null;
  }
}
