import type { TerminalStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { QueueEntry } from "../queue-entry.ts";
import { DeferredSending } from "../deferred-sending.ts";
import type { Keys } from "../keys.ts";
import { untilStored } from "../redis/answer.ts";
import { lineOfJob } from "./batch-id.ts";
import { LINE_LETTERS } from "./batch-lines.ts";
import { batchScriptKeys } from "./batch-record.ts";

/** Ends that come within this time go out together. */
const COLLECT_MS = 25;
/** This many go out at once, however young they are. */
const COLLECT_COUNT_MAX = 500;

/** A job of a batch that has ended. */
export interface BatchEnd {
  jobId: string;
  status: TerminalStatus;
  /** Of the job when it ended: it may have been retried since. Null when the job is gone. */
  generation: number | null;
}

/** Counts ends of jobs of one batch; harmless when they are counted already. Resolves with how many were news. */
export async function countBatchEnds(
  batchId: string,
  ends: readonly BatchEnd[],
  { redis, keys }: { redis: Redis; keys: Keys },
): Promise<number> {
  const values = ends.flatMap(({ jobId, status, generation }) => [
    lineOfJob(jobId),
    LINE_LETTERS[status],
    generation ?? "",
  ]);
  return await redis.millraceBatchEnded(
    ...batchScriptKeys(keys, batchId),
    keys.batchEvents(batchId),
    ...values,
  );
}

/**
 * Tells batches of their jobs' ends: what ends within a few milliseconds goes out as one command for each batch, and no
 * job waits for it. Ends that a killed process had not told yet are found by the sweeper.
 */
export class BatchEnds {
  readonly #dependencies: { redis: Redis; keys: Keys };
  #collected = new Map<string, BatchEnd[]>();
  #count = 0;
  readonly #sending = new DeferredSending(() => this.#tell());

  constructor(dependencies: { redis: Redis; keys: Keys }) {
    this.#dependencies = dependencies;
  }

  add(batchId: string, end: BatchEnd): void {
    const ends = this.#collected.get(batchId);
    if (ends) ends.push(end);
    else this.#collected.set(batchId, [end]);
    this.#count += 1;
    if (this.#count >= COLLECT_COUNT_MAX) void this.flush();
    else this.#sending.within(COLLECT_MS);
  }

  /** Tells what has been collected. Resolves when all has been told. */
  flush(): Promise<void> {
    return this.#sending.flush();
  }

  async #tell(): Promise<void> {
    const collected = this.#collected;
    this.#collected = new Map();
    this.#count = 0;
    const told = [...collected].map(([batchId, ends]) =>
      // The sweeper finds what cannot be told now.
      untilStored(() => countBatchEnds(batchId, ends, this.#dependencies)).catch(() => 0),
    );
    await Promise.all(told);
  }
}

/**
 * A job of a batch has been opened again, and has this generation since. Harmless when it is told again. An earlier end
 * that is told later than this does not count any more.
 */
export async function reopenInBatch(
  batchId: string,
  { jobId, generation }: QueueEntry,
  { redis, keys, now }: { redis: Redis; keys: Keys; now: number },
): Promise<void> {
  const { record } = keys.batch(batchId);
  const tenant = await redis.hget(record, "tenant");
  if (tenant === null) return;
  await redis.millraceBatchReopened(
    ...batchScriptKeys(keys, batchId),
    keys.batchEvents(batchId),
    lineOfJob(jobId),
    generation,
  );
  await redis.zadd(keys.batches, now, `${batchId} ${tenant}`);
}
