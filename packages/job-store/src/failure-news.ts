import type { Logger } from "./logger.ts";

/** How long the same failure is not told again, and how long nothing may fail before it is told that all works again. */
const PAUSE_MS = 60_000;

export interface FailureNewsOptions {
  logger: Logger;
  /** What is told each time, besides the reason. */
  fields?: object;
  failed: string;
  works: string;
}

/**
 * Tells of the failures of something that is tried again each second: once, again when the reason changes or a minute
 * has passed, and that it works again. It may fail at every other time only, so one that works is no news yet.
 */
export class FailureNews {
  readonly #options: FailureNewsOptions;
  #reason: string | null = null;
  #toldAt = 0;
  #failedAt = 0;

  constructor(options: FailureNewsOptions) {
    this.#options = options;
  }

  failed(error: unknown): void {
    const { logger, fields, failed } = this.#options;
    const reason = String(error);
    const now = performance.now();
    this.#failedAt = now;
    if (reason === this.#reason && now - this.#toldAt < PAUSE_MS) return;
    this.#reason = reason;
    this.#toldAt = now;
    logger.warn({ ...fields, reason }, failed);
  }

  worked(): void {
    const { logger, fields, works } = this.#options;
    if (this.#reason === null || performance.now() - this.#failedAt < PAUSE_MS) return;
    this.#reason = null;
    logger.info({ ...fields }, works);
  }
}
