import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";

/** How often an outage that goes on is worth a line. */
const REMINDER_MS = 60_000;

export interface AvailabilityLogOptions {
  logger: Logger;
  clock: Clock;
  /** What every line says: the server, and which copy of it. */
  fields: object;
  /** What is said besides when it is connected. */
  describe: () => object;
}

/** One line when a server goes, one when it is back, and a count in between, at most every minute. */
export class AvailabilityLog {
  readonly #options: AvailabilityLogOptions;
  /** In this outage. */
  #failures = 0;
  #lastLineAt = 0;

  constructor(options: AvailabilityLogOptions) {
    this.#options = options;
  }

  connected(): void {
    const { logger, fields, describe } = this.#options;
    const after = this.#failures > 0 ? { failures: this.#failures } : {};
    logger.info({ ...fields, ...describe(), ...after }, "MCP server connected");
    this.#failures = 0;
  }

  /** It is gone, or an attempt to bring it back has failed. */
  unavailable(fields: object): void {
    const now = this.#options.clock.monotonicMs();
    const isNew = this.#failures === 0;
    this.#failures += 1;
    if (!isNew && now - this.#lastLineAt < REMINDER_MS) return;
    this.#lastLineAt = now;
    const what = isNew ? {} : { failures: this.#failures };
    const message = isNew ? "MCP server is not available" : "MCP server is still not available";
    this.#options.logger.warn({ ...this.#options.fields, ...fields, ...what }, message);
  }
}
