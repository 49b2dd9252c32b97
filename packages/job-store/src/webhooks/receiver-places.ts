import { setTimeout as delay } from "node:timers/promises";

/** Attempts at once on one worker: to one receiver of a key, and of a key in all. */
const RECEIVER_PLACES = 25;
const KEY_PLACES = 50;

/** An attempt that takes longer than this is slow, in milliseconds. */
const SLOW_AFTER_MS = 1_000;
const LOOK_AGAIN_MS = 25;

interface Group {
  name: string;
  limit: number;
}

/**
 * Keeps places free for receivers that answer: those that do not hold a place until their time is over. Nobody waits
 * behind slow attempts, only behind quick ones.
 */
export class ReceiverPlaces {
  /** When each attempt began, oldest first, by the name of its group. */
  readonly #begun = new Map<string, Set<{ at: number }>>();
  readonly #now: () => number;

  /** `now`: monotonic, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A place, which the caller disposes of; null when slow attempts have taken them all. */
  async take(tenant: string, origin: string, signal: AbortSignal): Promise<Disposable | null> {
    const groups: Group[] = [
      { name: tenant, limit: KEY_PLACES },
      { name: `${tenant} ${origin}`, limit: RECEIVER_PLACES },
    ];
    for (;;) {
      const full = groups.filter(({ name, limit }) => (this.#begun.get(name)?.size ?? 0) >= limit);
      if (full.length === 0) return this.#hold(groups);
      if (full.some(({ name }) => this.#isSlow(name))) return null;
      await delay(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  #isSlow(name: string): boolean {
    const [oldest] = this.#begun.get(name) ?? [];
    return oldest !== undefined && this.#now() - oldest.at > SLOW_AFTER_MS;
  }

  #hold(groups: readonly Group[]): Disposable {
    const attempt = { at: this.#now() };
    for (const { name } of groups) {
      const begun = this.#begun.get(name) ?? new Set();
      this.#begun.set(name, begun.add(attempt));
    }
    return {
      [Symbol.dispose]: () => {
        for (const { name } of groups) {
          const begun = this.#begun.get(name);
          begun?.delete(attempt);
          if (begun?.size === 0) this.#begun.delete(name);
        }
      },
    };
  }
}
