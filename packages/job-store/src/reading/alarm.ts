/** Wakes one reader that waits for news. */
export class Alarm {
  #ring: (() => void) | null = null;

  /** Wakes the reader, if it waits. */
  ring(): void {
    this.#ring?.();
  }

  /** Resolves when it rings, when `waitMs` are over, or when `signal` aborts. */
  next(signal: AbortSignal, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#ring = null;
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#ring = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
