interface Waiting {
  readonly begin: () => void;
}

/**
 * Lets no more than `limit` tasks run at once. Callers that wait take turns, with one task each time, so that one with a
 * hundred tasks does not stand in front of one with a single task; the tasks of one caller keep their order. A task that
 * gets a slot at once costs nothing to speak of.
 */
export class Slots {
  #limit: number;
  #taken = 0;
  /** The caller whose turn is next comes first. None of the lines is empty, and there is none while a slot is free. */
  readonly #lines = new Map<object, Set<Waiting>>();
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get areTaken(): boolean {
    return this.#taken >= this.#limit;
  }

  /** Tasks that run already go on, whatever the limit is. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  /**
   * Runs `task` when there is a slot. `caller` is whoever takes turns with others; without it the task is a caller of its
   * own. Rejects with the signal's reason when it aborts before that.
   */
  async run<T>(signal: AbortSignal, task: () => Promise<T>, caller: object = {}): Promise<T> {
    if (this.areTaken) await this.#wait(signal, caller);
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
    return this.#taken === 0 && this.#lines.size === 0;
  }

  /** Comes back with a slot. */
  async #wait(signal: AbortSignal, caller: object): Promise<void> {
    signal.throwIfAborted();
    const begun = Promise.withResolvers<void>();
    const waiting: Waiting = { begin: begun.resolve };
    const line = this.#lines.get(caller) ?? new Set();
    const onAbort = () => {
      if (!line.delete(waiting)) return;
      if (line.size === 0) this.#lines.delete(caller);
      begun.reject(signal.reason);
    };
    this.#lines.set(caller, line.add(waiting));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await begun.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #admit(): void {
    // A caller that waits for more goes to the end, and so is met again.
    for (const [caller, line] of this.#lines) {
      if (this.areTaken) return;
      const [next] = line;
      this.#lines.delete(caller);
      if (!next) continue;
      line.delete(next);
      if (line.size > 0) this.#lines.set(caller, line);
      this.#taken += 1;
      next.begin();
    }
    if (!this.#isIdle) return;
    this.#idle?.resolve();
    this.#idle = null;
  }
}
