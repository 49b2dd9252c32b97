import { setTimeout as delay } from "node:timers/promises";

/** Between two renewals, in milliseconds. A lock outlives three of them (`LOCK_MS`). */
const RENEWAL_MS = 2_000;

interface HeldLock {
  readonly token: string;
  readonly onLost: () => void;
}

/** Renews locks by the ids and tokens of their entries. Resolves with the ids whose locks are another's or gone. */
type Renew = (ids: string[], tokens: string[]) => Promise<string[]>;

/**
 * Renews BullMQ's locks on the entries that are worked on here. BullMQ's own renewal goes by the entry's id alone: when a
 * job that has waited comes back to the same process before BullMQ is through with its run before, the end of that stops
 * the renewal for the new one, which loses its job 8 s later.
 */
export class HeldLocks {
  readonly #renew: Renew;
  readonly #held = new Map<string, HeldLock>();
  #isRenewing = false;

  constructor(renew: Renew) {
    this.#renew = renew;
  }

  /** From now on, until it is disposed of or the same entry is held anew. `onLost` may be called more than once. */
  hold(id: string, lock: HeldLock): Disposable {
    this.#held.set(id, lock);
    void this.#keepRenewing();
    return {
      [Symbol.dispose]: () => {
        if (this.#held.get(id) === lock) this.#held.delete(id);
      },
    };
  }

  async #keepRenewing(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    while (this.#held.size > 0) {
      await delay(RENEWAL_MS, undefined, { ref: false });
      await this.#renewAll();
    }
    this.#isRenewing = false;
  }

  async #renewAll(): Promise<void> {
    const ids = [...this.#held.keys()];
    const held = [...this.#held.values()];
    if (ids.length === 0) return;
    const tokens = held.map(({ token }) => token);
    // Where Redis cannot be reached, the next renewal finds out what has become of the locks.
    const lost = new Set(await this.#renew(ids, tokens).catch(() => []));
    for (const [index, { onLost }] of held.entries()) if (lost.has(ids[index] ?? "")) onLost();
  }
}
