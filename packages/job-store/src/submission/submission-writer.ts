import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import {
  prepareSubmission,
  type PreparedSubmission,
  type Submission,
  type SubmissionDependencies,
} from "./submission.ts";
import { startPatience } from "../redis/patience.ts";
import { StoreUnavailableError } from "../redis/unavailable.ts";
import { writeSubmissions } from "./write-submissions.ts";

/** Its request has been answered with 503 by then, so writing it would only surprise. In milliseconds. */
const STALE_AFTER_MS = 2_000;
/** How long settled notes wait for a batch to go with, in milliseconds. */
const SETTLE_AFTER_MS = 50;
const BATCH_LENGTH_MAX = 100;
const BATCH_BYTES_MAX = 1_024 * 1_024;

interface Pending extends PromiseWithResolvers<QueuedEvent> {
  prepared: PreparedSubmission;
  /** Its request has waited too long. */
  isStale: boolean;
  /** Ends when it is written. */
  patience: Disposable;
}

export interface SubmissionWriterOptions extends SubmissionDependencies {
  redis: Redis;
  clock: Clock;
  /** How long a submission may wait to be written, in milliseconds; by default as long as its request waits. */
  staleAfterMs?: number;
}

/**
 * Writes submissions. One that comes alone is written at once; those that come while others are being written go out
 * together after them, with one note and one index entry command for all of them.
 */
export class SubmissionWriter {
  readonly #options: SubmissionWriterOptions;
  #pending: Pending[] = [];
  /** Jobs that are written whole: their notes go with the next batch, or with {@link flush}. */
  #settled: string[] = [];
  #writing: Promise<void> | null = null;
  #settleTimer: NodeJS.Timeout | undefined;

  constructor(options: SubmissionWriterOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the first event once the job is written whole: only then may the client hear of it.
   * Rejects with `QueueFullError` when its key has as many jobs as it may have.
   */
  submit(submission: Submission): Promise<QueuedEvent> {
    const { clock, staleAfterMs = STALE_AFTER_MS } = this.#options;
    const pending: Pending = {
      ...Promise.withResolvers<QueuedEvent>(),
      prepared: prepareSubmission(submission, clock),
      isStale: false,
      patience: startPatience(staleAfterMs, () => (pending.isStale = true)),
    };
    this.#pending.push(pending);
    this.#writing ??= this.#writeAll();
    return pending.promise;
  }

  /** Waits for what is being written and takes the notes of what is written away. */
  async flush(): Promise<void> {
    await this.#writing;
    clearTimeout(this.#settleTimer);
    const { redis, keys } = this.#options;
    const settled = this.#settled.splice(0);
    // A note that stays, because Redis is away, costs the sweeper a look.
    if (settled.length > 0) await redis.zrem(keys.submissions, ...settled).catch(() => 0);
  }

  async #writeAll(): Promise<void> {
    // Requests that arrived in the same turn of the event loop come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const batch = this.#nextBatch().filter((pending) => !refuseStale(pending));
      if (batch.length > 0) await this.#write(batch);
    }
    this.#writing = null;
    clearTimeout(this.#settleTimer);
    if (this.#settled.length > 0) this.#settleTimer = setTimeout(() => void this.flush(), SETTLE_AFTER_MS);
  }

  /** At least one, and no more than fit into one write of a bounded size. */
  #nextBatch(): Pending[] {
    let length = 0;
    let bytes = 0;
    do {
      bytes += this.#pending[length]?.prepared.event.length ?? 0;
      length += 1;
    } while (length < this.#pending.length && length < BATCH_LENGTH_MAX && bytes < BATCH_BYTES_MAX);
    return this.#pending.splice(0, length);
  }

  /** Never rejects: each submission hears for itself. */
  async #write(batch: Pending[]): Promise<void> {
    try {
      const prepared = batch.map((pending) => pending.prepared);
      const written = await writeSubmissions(prepared, this.#settled.splice(0), this.#options);
      for (const [index, pending] of batch.entries()) {
        const outcome = written[index];
        if (outcome instanceof Error) {
          pending.reject(outcome);
          continue;
        }
        if (outcome === "settled") this.#settled.push(pending.prepared.jobId);
        pending.resolve(pending.prepared.queued);
      }
    } catch (error) {
      for (const pending of batch) pending.reject(error);
    }
  }
}

function refuseStale({ patience, isStale, reject }: Pending): boolean {
  patience[Symbol.dispose]();
  if (isStale) reject(new StoreUnavailableError("it could not be written in time"));
  return isStale;
}
