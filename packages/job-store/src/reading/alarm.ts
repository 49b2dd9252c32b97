/** Wakes one reader that waits for news. */
export class Alarm {
  /** It has rung, and no reader has been woken by it. */
  #hasRung = false;
  #wake: (() => void) | null = null;

  /** Wakes the reader; one that does not wait now is woken as soon as it does. */
  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** Resolves when it rings or has rung, when `waitMs` are over, or when `signal` aborts or has aborted. */
  next(signal: AbortSignal, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#hasRung = false;
        this.#wake = null;
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
      if (this.#hasRung || signal.aborted) done();
    });
  }
}
