import type { Worker } from "bullmq";
import { LOCK_MS } from "../bullmq/open-worker.ts";

/** Between two renewals, in milliseconds. A lock outlives three of them (`LOCK_MS`). */
const RENEWAL_MS = 2_000;

/** Renewals that are sent before an answer has come. While Redis is away, those that wait for it would pile up. */
const UNANSWERED_MAX = 3;

interface HeldLock {
  readonly token: string;
  readonly onLost: () => void;
}

/**
 * Renews BullMQ's locks on the entries that this process has fetched, until their runs are over. BullMQ's own renewal begins
 * with the run, and a worker fetches one entry after the other until its places are taken before the first run begins:
 * where Redis is far away, or the machine busy, that is later than a lock lasts. It also goes by the entry's id alone:
 * when a job that has waited comes back to the same process before BullMQ is through with its run before, the end of that
 * stops the renewal for the new one, which loses its job 8 s later.
 *
 * Renewals keep their beat whether or not the one before has been answered: where answers come late, waiting for each would
 * put the next one off until locks are lost though nobody was away for as long as they last.
 */
export class HeldLocks {
  readonly #worker: Pick<Worker, "extendJobLocks">;
  readonly #held = new Map<string, HeldLock>();
  #beat: NodeJS.Timeout | null = null;
  #unanswered = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    // It has been fetched. Its run holds it anew.
    worker.on("active", ({ id = "", token = "" }) => void this.hold(id, { token, onLost: () => undefined }));
  }

  /** From now on, until it is lost or disposed of, or the same entry is held anew. */
  hold(id: string, lock: HeldLock): Disposable {
    this.#held.set(id, lock);
    this.#beat ??= setInterval(() => this.#renew(), RENEWAL_MS).unref();
    return { [Symbol.dispose]: () => this.#letGo(id, lock) };
  }

  #letGo(id: string, lock: HeldLock): void {
    if (this.#held.get(id) === lock) this.#held.delete(id);
  }

  #renew(): void {
    if (this.#held.size === 0) {
      clearInterval(this.#beat ?? undefined);
      this.#beat = null;
    } else if (this.#unanswered < UNANSWERED_MAX) void this.#renewAll();
  }

  async #renewAll(): Promise<void> {
    const held = [...this.#held];
    const ids = held.map(([id]) => id);
    const tokens = held.map(([, { token }]) => token);
    this.#unanswered += 1;
    // Where Redis cannot be reached, the next renewal finds out what has become of the locks.
    const lost = new Set(await this.#worker.extendJobLocks(ids, tokens, LOCK_MS).catch(() => []));
    this.#unanswered -= 1;
    for (const [id, lock] of held) {
      if (!lost.has(id)) continue;
      this.#letGo(id, lock);
      lock.onLost();
    }
  }
}
