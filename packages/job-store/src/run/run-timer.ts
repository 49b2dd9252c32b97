/** A job's time to run. It stands still while the job cannot run, because its server is busy with others. */
export class RunTimer {
  readonly #onOver: () => void;
  #leftMs: number;
  #startedAt = 0;
  #pausedAt: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(leftMs: number, onOver: () => void) {
    this.#leftMs = leftMs;
    this.#onOver = onOver;
    this.#run();
  }

  /** Time that is left, in milliseconds. */
  get leftMs(): number {
    const runningMs = this.#pausedAt === null ? performance.now() - this.#startedAt : 0;
    return Math.max(0, this.#leftMs - runningMs);
  }

  get isPaused(): boolean {
    return this.#pausedAt !== null;
  }

  pause(): void {
    if (this.#pausedAt !== null) return;
    this.stop();
    this.#pausedAt = performance.now();
    this.#leftMs -= this.#pausedAt - this.#startedAt;
  }

  /** Goes on; returns for how long it stood still, in milliseconds. */
  resume(): number {
    if (this.#pausedAt === null) return 0;
    const stoodMs = performance.now() - this.#pausedAt;
    this.#pausedAt = null;
    this.#run();
    return stoodMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onOver, Math.max(0, this.#leftMs));
  }
}
