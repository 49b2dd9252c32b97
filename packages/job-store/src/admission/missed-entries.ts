import { LOCK_MS } from "../bullmq/open-worker.ts";
import { entryId, type QueueEntry } from "../queue-entry.ts";

/**
 * Since when entries of jobs that have been started are missing in BullMQ. Whoever runs such a job loses its lock, and
 * lets go of it: until then nobody else begins it.
 */
export class MissedEntries {
  /** Times by entry, on the clock of the caller: of this pass over the lines, and of the one before. */
  #seen = new Map<string, number>();
  #seenBefore = new Map<string, number>();

  /** A new pass begins: what the last one has not missed is forgotten. */
  beginPass(): void {
    this.#seenBefore = this.#seen;
    this.#seen = new Map();
  }

  /** Whether this entry, which is missing now, has been that for longer than a lock lasts. */
  isLost(entry: QueueEntry, nowMs: number): boolean {
    const id = entryId(entry);
    const since = this.#seen.get(id) ?? this.#seenBefore.get(id) ?? nowMs;
    this.#seen.set(id, since);
    return nowMs - since > LOCK_MS;
  }
}
