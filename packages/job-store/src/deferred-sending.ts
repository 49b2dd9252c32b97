/** Sends what its owner collects a little later, so that it goes together. Several sendings may be under way at once. */
export class DeferredSending {
  readonly #send: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; monotonic, in milliseconds. */
  #dueAt = Number.POSITIVE_INFINITY;
  #sending: Promise<void> = Promise.resolve();

  /** `send` takes what has been collected, and never rejects. */
  constructor(send: () => Promise<void>) {
    this.#send = send;
  }

  /** What has been collected goes after so many milliseconds, or sooner. */
  within(delayMs: number): void {
    const dueAt = performance.now() + delayMs;
    if (dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.flush(), delayMs);
  }

  /** What has been collected goes now. Resolves when all so far has been sent. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#sending = Promise.all([this.#sending, this.#send()]).then(() => undefined);
    return this.#sending;
  }
}
