/** What a fixture server has seen. Over HTTP the sessions of one server share it. */
export class FixtureStats {
  calls = 0;
  running = 0;
  mostRunning = 0;
  /** Names of the tools whose calls were cancelled by `notifications/cancelled`. */
  readonly cancelled: string[] = [];

  /** Counts a call while it runs, and its cancellation. */
  async track<T>(tool: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    this.calls += 1;
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    const noteCancellation = () => void this.cancelled.push(tool);
    // Request and cancellation may have come in one chunk.
    if (signal.aborted) noteCancellation();
    signal.addEventListener("abort", noteCancellation, { once: true });
    try {
      return await run();
    } finally {
      this.running -= 1;
    }
  }
}
