import { randomBytes } from "node:crypto";
import type { Batch, BatchOptions, BatchOrder, BatchPage, BatchRejection } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { Clock } from "../clock.ts";
import { IdempotencyKeys, IdempotencyExpiredError } from "../submission/idempotency.ts";
import type { Keys } from "../keys.ts";
import type { Submission } from "../submission/submission.ts";
import { SubmissionWriter, type SubmissionWriterOptions } from "../submission/submission-writer.ts";
import type { Answer } from "../redis/answer.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { newestIds } from "../reading/newest-ids.ts";
import { maySee, type Viewer } from "../reading/viewer.ts";
import { BatchFollower, type BatchReading } from "./batch-follower.ts";
import { BatchCancel, type BatchCancelDependencies } from "./batch-cancel.ts";
import { createBatchId, isBatchId, lineOfJob } from "./batch-id.ts";
import {
  batchProgress,
  batchScriptKeys,
  newBatchFields,
  parseBatch,
  type BatchRecord,
} from "./batch-record.ts";
import { BatchResults } from "./batch-results.ts";
import { BatchRefusedError } from "./batch-refused-error.ts";
import { BatchUpload, UPLOAD_SILENCE_MS } from "./batch-upload.ts";
import { CAP_WAIT_MS, WRITE_TIMEOUT_MS } from "./line-submitter.ts";

export interface BatchesOptions {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  subscriptions: ChannelSubscriptions;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
  answer: Answer;
  /** The same for results, which may be large. */
  read: Answer;
  /** They write at the same time. */
  writers: readonly SubmissionWriter[];
  cancelling: BatchCancel;
}

/** While Redis works on what one has written, the other prepares the next. */
const WRITERS = 2;
/** How many consecutive lines go to the same writer: as many as one of its writes has room for. */
const NEIGHBOURS = 100;

export type CreateBatchesOptions = Omit<BatchesOptions, "writers" | "cancelling"> &
  SubmissionWriterOptions &
  BatchCancelDependencies;

/** Batches with what they need. Their submissions have writers of their own, so that no other job waits behind them. */
export function createBatches(options: CreateBatchesOptions): Batches {
  const createWriter = () => new SubmissionWriter({ ...options, staleAfterMs: WRITE_TIMEOUT_MS });
  const writers = Array.from({ length: WRITERS }, createWriter);
  return new Batches({ ...options, writers, cancelling: new BatchCancel(options) });
}

/** What opens an upload: whose it is, what holds for the whole batch, and the client's `Idempotency-Key`. */
export interface NewUpload {
  tenant: string;
  options: BatchOptions;
  idempotencyKey: string | null;
  /** Ends waiting at the key's cap early. */
  signal: AbortSignal;
}

/** Batches, as a process that takes requests needs them. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #idempotency: IdempotencyKeys;

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.#idempotency = new IdempotencyKeys(options.redis, options.keys);
  }

  /**
   * Begins an upload; under an idempotency key that has made a batch before, of that batch.
   * @throws IdempotencyMismatchError when the options are others than before, IdempotencyExpiredError when that batch is gone,
   * BatchRefusedError when it has been cancelled.
   */
  async open(upload: NewUpload): Promise<BatchUpload> {
    let isGivenUp = false;
    try {
      return await this.#options.answer(async () => {
        const opened = await this.#open(upload);
        // Redis has taken too long: nobody has this upload, and it would give signs of life for ever.
        if (isGivenUp) await opened.close("cut").catch(() => null);
        return opened;
      });
    } catch (error) {
      isGivenUp = true;
      throw error;
    }
  }

  /** Null when the viewer has no such batch. */
  find(viewer: Viewer, batchId: string): Promise<Batch | null> {
    return this.#options.answer(async () => {
      const record = await this.#record(viewer, batchId);
      return record && { ...batchProgress(batchId, record), rejections: await this.#rejections(batchId) };
    });
  }

  /** The batch without its rejections. */
  progress(viewer: Viewer, batchId: string): Promise<BatchReading | null> {
    return this.#options.answer(async () => {
      const record = await this.#record(viewer, batchId);
      if (!record) return null;
      const { revision, changedAt } = record;
      return { progress: batchProgress(batchId, record), revision, changedAt };
    });
  }

  /** Newest first. */
  list(
    viewer: Viewer,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<BatchPage> {
    return this.#options.answer(async () => {
      const indexOf = (tenant: string) => this.#options.keys.batchIndex(tenant);
      const ids = await newestIds(this.#options, { indexOf, viewer, cursor, count: limit + 1 });
      const shown = ids.slice(0, limit);
      const { redis, keys } = this.#options;
      const pipeline = redis.pipeline();
      for (const id of shown) pipeline.hgetall(keys.batch(id).record);
      const hashes = shown.length > 0 ? pipelineReplies(await pipeline.exec()) : [];
      const batches = shown.flatMap((id, index) => {
        const record = parseBatch(hashes[index] as Record<string, string>);
        return record ? [batchProgress(id, record)] : [];
      });
      return { batches, next_cursor: ids.length > limit ? (shown.at(-1) ?? null) : null };
    });
  }

  /**
   * Asks for the end of all its jobs that have not ended, which goes on in the background, and of its upload. Null when
   * the viewer has no such batch.
   */
  cancel(viewer: Viewer, batchId: string): Promise<{ batch: Batch; requested: boolean } | null> {
    const { answer, redis, keys, cancelling } = this.#options;
    return answer(async () => {
      if (!(await this.#record(viewer, batchId))) return null;
      const reply = await redis.millraceBatchCancel(
        ...batchScriptKeys(keys, batchId),
        keys.batchEvents(batchId),
      );
      if (reply === "requested") cancelling.start(batchId);
      const batch = await this.find(viewer, batchId);
      return batch && { batch, requested: reply === "requested" };
    });
  }

  /** Results from a place on. The caller has made sure that the batch is the viewer's. */
  results(batchId: string, reading: { order: BatchOrder; after: number }): BatchResults {
    return new BatchResults(this.#options, { batchId, ...reading });
  }

  /** Follows the progress after a revision. The caller disposes of it. */
  follow(viewer: Viewer, batchId: string, after: number): BatchFollower {
    const { subscriptions, keys } = this.#options;
    const subscribe = (listener: () => void) => subscriptions.subscribe(keys.batchEvents(batchId), listener);
    return new BatchFollower({ after, subscribe, read: () => this.progress(viewer, batchId) });
  }

  /** Ends what goes on in the background; a worker goes on with it. */
  async close(): Promise<void> {
    await this.#options.cancelling.close();
    await Promise.all(this.#options.writers.map((writer) => writer.flush()));
  }

  async #open({ tenant, options, idempotencyKey, signal }: NewUpload): Promise<BatchUpload> {
    const { redis, keys, clock } = this.#options;
    const now = clock.now();
    const freshId = createBatchId(now);
    const retentionSeconds = options.retention_seconds ?? this.#options.retentionSeconds;
    // A job's key holds no space, so the two kinds never meet.
    const named = { tenant, key: `batch ${idempotencyKey}`, request: options };
    const keyed =
      idempotencyKey === null ? null : await this.#idempotency.take(named, freshId, retentionSeconds);
    const batchId = keyed?.id ?? freshId;
    const mark = keyed && this.#idempotency.mark(tenant, named.key, options, batchId);
    const token = randomBytes(6).toString("base64url");
    await this.#list(tenant, batchId, now);
    // Afterwards: a tenant of whom nothing is there may be forgotten at any moment.
    await redis.sadd(keys.tenants, tenant);
    const outcome = await redis.millraceBatchOpen(
      ...batchScriptKeys(keys, batchId),
      keys.batchEvents(batchId),
      token,
      UPLOAD_SILENCE_MS,
      keyed?.isWritten ? "0" : "1",
      ...newBatchFields({ tenant, now, retentionSeconds, options, idempotencyKey: mark?.key ?? null }),
    );
    if (outcome === "gone") throw new IdempotencyExpiredError(batchId);
    if (outcome === "cancelled") throw new BatchRefusedError("cancelled", batchId);
    // The sweeper may just have seen that it had ended, and put it off until its expiry, or that it was never opened.
    if (batchId !== freshId) await this.#list(tenant, batchId, now);
    if (mark) await redis.set(mark.key, mark.value, "KEEPTTL", "XX");
    const { writers } = this.#options;
    const submit = (submission: Submission) => {
      // Neighbours go together, so that jobs come into their line about as the lines of the file do.
      const turn = Math.floor(lineOfJob(submission.jobId) / NEIGHBOURS) % writers.length;
      return writers[turn]?.submit(submission) ?? Promise.reject(new Error("There is no writer"));
    };
    const read = () => this.find(tenant, batchId);
    const isResumed = outcome === "resumed";
    const capWaitMs = CAP_WAIT_MS;
    return new BatchUpload({
      capWaitMs,
      batchId,
      token,
      isResumed,
      redis,
      keys,
      retentionSeconds,
      submit,
      read,
      signal,
    });
  }

  /** Its places in the index and among those that the sweeper looks at. */
  async #list(tenant: string, batchId: string, due: number): Promise<void> {
    const { redis, keys } = this.#options;
    await Promise.all([
      redis.zadd(keys.batchIndex(tenant), 0, batchId),
      redis.zadd(keys.batches, due, `${batchId} ${tenant}`),
    ]);
  }

  async #record(viewer: Viewer, batchId: string): Promise<BatchRecord | null> {
    if (!isBatchId(batchId)) return null;
    const { redis, keys } = this.#options;
    const record = parseBatch(await redis.hgetall(keys.batch(batchId).record));
    return record && maySee(viewer, record.tenant) ? record : null;
  }

  async #rejections(batchId: string): Promise<BatchRejection[]> {
    const { redis, keys } = this.#options;
    const stored = await redis.hvals(keys.batch(batchId).rejections);
    return stored
      .map((text) => JSON.parse(text) as BatchRejection)
      .toSorted((first, second) => first.line - second.line);
  }
}
