import { StoreUnavailableError } from "../redis/unavailable.ts";

/**
 * How many jobs and pages of logs a process reads at once. All answers of Redis come over one connection, and a job may
 * have many megabytes: behind hundreds of them, a small answer for another request would come too late.
 */
const PLACES = 16;

type Waiter = PromiseWithResolvers<void>;

/** Reads of what may be large, a few at a time, in the order in which they come. */
export class ReadPlaces {
  readonly #waiting: Waiter[] = [];
  #free: number;

  constructor(places = PLACES) {
    this.#free = places;
  }

  /**
   * Runs a read once there is a place; its own patience begins only then.
   * @throws StoreUnavailableError also when a read that had a place has found that Redis does not answer.
   */
  async run<Value>(read: () => Promise<Value>): Promise<Value> {
    await this.#enter();
    try {
      return await read();
    } catch (error) {
      if (error instanceof StoreUnavailableError) this.#refuseWaiting(error);
      throw error;
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    await waiter.promise;
  }

  /** Their turns would come one after the other, each to wait in vain. */
  #refuseWaiting(error: StoreUnavailableError): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next.resolve();
    else this.#free += 1;
  }
}
