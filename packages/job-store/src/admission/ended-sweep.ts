import { isTerminal, type JobStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { parseEntryId, type QueueEntry } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import type { LineName } from "./line-name.ts";

/** Entries that one step looks at, about: of a line's gates, and of those that are not due yet. */
const SCAN_COUNT = 100;

/** Where a scan begins, and where it has ended. */
const WHOLE = "0";

type Scan = (cursor: string) => Promise<[cursor: string, found: string[]]>;

/**
 * Finds the entries whose jobs are over among those that a line keeps without having admitted them. A job that is parked
 * or waits for its next attempt is kept at its gate alone, and one that is not due yet is only counted: when it ends then
 * and its line is not told, nothing else tells of it.
 */
export class EndedSweep {
  readonly #redis: Redis;
  readonly #keys: Keys;
  /** By key, how far it has been looked at: a batch may have very many entries there. */
  readonly #cursors = new Map<string, string>();

  constructor({ redis, keys }: { redis: Redis; keys: Keys }) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** The ended entries of the next part of a line; one that is not due yet and belongs to a gate may come twice. */
  async step({ type, tenant }: LineName): Promise<QueueEntry[]> {
    const { gates, later } = this.#keys.line(type, tenant);
    const [atGates, notDue] = await Promise.all([
      this.#next(gates, (cursor) => this.#redis.hscan(gates, cursor, "COUNT", SCAN_COUNT)),
      this.#next(later, (cursor) => this.#redis.sscan(later, cursor, "COUNT", SCAN_COUNT)),
    ]);
    // Names and values come in turns.
    const names = atGates.filter((_, index) => index % 2 === 0);
    return await this.#over([...names, ...notDue].map(parseEntryId));
  }

  async #next(key: string, scan: Scan): Promise<string[]> {
    const [cursor, found] = await scan(this.#cursors.get(key) ?? WHOLE);
    if (cursor === WHOLE) this.#cursors.delete(key);
    else this.#cursors.set(key, cursor);
    return found;
  }

  async #over(entries: readonly QueueEntry[]): Promise<QueueEntry[]> {
    if (entries.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const { jobId } of entries) pipeline.hmget(this.#keys.record(jobId), "status", "generation");
    const replies = pipelineReplies(await pipeline.exec()) as [JobStatus | null, string | null][];
    return entries.filter((entry, index) => {
      const [status, generation] = replies[index] ?? [];
      // One that was retried since has another entry.
      return !status || isTerminal(status) || Number(generation) !== entry.generation;
    });
  }
}
