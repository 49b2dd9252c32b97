import { isTerminal, type JobStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { parseEntryId, type QueueEntry } from "../job-queues.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/unavailable.ts";
import type { LineName } from "./admission.ts";

/** Entries of a line's gates that one step looks at, about. */
const SCAN_COUNT = 100;

/** Where a scan begins, and where it has ended. */
const WHOLE = "0";

/**
 * Finds the entries of gates whose jobs are over. A job that is parked or waits for its next attempt is kept at its gate
 * alone: when it ends then and its line is not told, nothing else tells of it.
 */
export class GateSweep {
  readonly #redis: Redis;
  readonly #keys: Keys;
  /** How far each line's gates have been looked at: a batch may have very many entries there. */
  readonly #cursors = new Map<string, string>();

  constructor({ redis, keys }: { redis: Redis; keys: Keys }) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Those of the next part of a line's gates. */
  async step({ type, tenant }: LineName): Promise<QueueEntry[]> {
    const gates = `${this.#keys.line(type, tenant)}:gates`;
    const from = this.#cursors.get(gates) ?? WHOLE;
    const [cursor, found] = await this.#redis.hscan(gates, from, "COUNT", SCAN_COUNT);
    if (cursor === WHOLE) this.#cursors.delete(gates);
    else this.#cursors.set(gates, cursor);
    // Names and values come in turns.
    return await this.#over(found.filter((_, index) => index % 2 === 0).map(parseEntryId));
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
