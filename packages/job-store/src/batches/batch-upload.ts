import { BATCH_REJECTIONS_MAX, type Batch, type BatchRejection } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import type { Submission } from "../submission/submission.ts";
import { withStore } from "../redis/answer.ts";
import { StoreUnavailableError } from "../redis/unavailable.ts";
import { batchJobId, lineOfJob } from "./batch-id.ts";
import { batchScriptKeys } from "./batch-record.ts";
import { BatchRefusedError } from "./batch-refused-error.ts";
import { LineSubmitter } from "./line-submitter.ts";
import { packLines, type UploadLine } from "./upload-line.ts";

/** An upload that is silent for this long is taken to be dead, in milliseconds. */
export const UPLOAD_SILENCE_MS = 30_000;
const SIGN_OF_LIFE_MS = 10_000;

/** How many chunks are being written at a time. */
const WRITES_AT_ONCE = 2;

export interface BatchUploadOptions {
  batchId: string;
  token: string;
  /** The batch was there before. */
  isResumed: boolean;
  redis: Redis;
  keys: Keys;
  retentionSeconds: number;
  submit: (submission: Submission) => Promise<unknown>;
  read: () => Promise<Batch | null>;
  /** Ends waiting at the key's cap early. */
  signal: AbortSignal;
  /** How long it waits there without getting on, in milliseconds. */
  capWaitMs: number;
}

/**
 * One upload of a batch's lines. What writes it calls {@link write} with chunks in order, and at the end
 * {@link close}; every error of a write is thrown by that write or a later call.
 */
export class BatchUpload {
  readonly batchId: string;
  readonly isResumed: boolean;
  readonly #options: BatchUploadOptions;
  readonly #submitter: LineSubmitter;
  readonly #writes = new Set<Promise<void>>();
  /** Rejects when one of all writes so far does. */
  #before: Promise<unknown> = Promise.resolve();
  readonly #signs: NodeJS.Timeout;
  #failure: { error: unknown } | null = null;

  constructor(options: BatchUploadOptions) {
    this.#options = options;
    this.batchId = options.batchId;
    this.isResumed = options.isResumed;
    const { redis, keys, submit, signal, capWaitMs } = options;
    this.#submitter = new LineSubmitter({
      submit,
      ask: () => redis.exists(keys.batch(this.batchId).record),
      check: () => this.#accept([]),
      withdraw: (submissions) => this.#withdraw(submissions),
      signal,
      capWaitMs,
    });
    this.#signs = setInterval(() => void this.#giveSign(), SIGN_OF_LIFE_MS).unref();
  }

  /**
   * Takes lines into the batch and makes their jobs. Resolves when the next chunk may come, which is before these
   * have been written.
   * @throws BatchRefusedError, QueueFullError, StoreUnavailableError of this or an earlier chunk.
   */
  async write(lines: readonly UploadLine[]): Promise<void> {
    this.#throwFailure();
    if (lines.length === 0) return;
    const writing = this.#write(lines, this.#before);
    this.#before = Promise.all([this.#before, writing]);
    // Who writes hears of it by the failure.
    this.#before.catch(() => undefined);
    const write = writing.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
    while (this.#writes.size >= WRITES_AT_ONCE) await Promise.race(this.#writes);
    this.#throwFailure();
  }

  /**
   * Ends the upload, `complete` when all lines have been written. Resolves with the batch as it is then.
   * @throws as {@link write}, when it is to be complete and is not. While Redis is away it is not closed then.
   */
  async close(state: "complete" | "cut"): Promise<Batch | null> {
    clearInterval(this.#signs);
    while (this.#writes.size > 0) await Promise.race(this.#writes);
    if (state === "complete" && this.#failure?.error instanceof StoreUnavailableError) this.#throwFailure();
    await this.#submitter.settle();
    const isCut = state === "cut" || this.#failure !== null;
    const { redis, keys, token, read } = this.#options;
    const { batchId } = this;
    await withStore(() =>
      redis.millraceBatchClose(
        ...batchScriptKeys(keys, batchId),
        keys.batchEvents(batchId),
        token,
        isCut ? "cut" : "complete",
        "0",
      ),
    );
    if (state === "complete") this.#throwFailure();
    return await read();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #write(lines: readonly UploadLine[], before: Promise<unknown>): Promise<void> {
    const answers = await this.#accept(lines);
    const first = lines[0]?.line ?? 1;
    const jobs = lines.flatMap((line) => {
      const answer = answers.charAt(line.line - first);
      return line.job && (answer === "n" || answer === "w") ? [this.#submission(line.line, line.job)] : [];
    });
    if (jobs.length === 0) return;
    await this.#submitter.submit(jobs, before);
    const { redis, keys } = this.#options;
    const written = jobs.map(({ jobId }) => lineOfJob(jobId));
    await withStore(() => redis.millraceBatchConfirm(...batchScriptKeys(keys, this.batchId), ...written));
  }

  async #accept(lines: readonly UploadLine[]): Promise<string> {
    const { redis, keys, token, retentionSeconds } = this.#options;
    const { batchId } = this;
    const retentions = lines.map(({ job }) => job?.newJob.request.retention_seconds ?? 0);
    const { first, marks, hashes } = packLines(lines);
    const rejections = lines.flatMap(({ line, rejection }) =>
      rejection ? [line, JSON.stringify(rejection)] : [],
    );
    const [outcome, answers] = await withStore(() =>
      redis.millraceBatchAccept(
        ...batchScriptKeys(keys, batchId),
        keys.batchEvents(batchId),
        token,
        UPLOAD_SILENCE_MS,
        retentions.reduce((longest, seconds) => Math.max(longest, seconds), retentionSeconds),
        BATCH_REJECTIONS_MAX,
        first,
        marks,
        hashes,
        MISMATCH_TAIL,
        ...rejections,
      ),
    );
    if (outcome !== "ok") throw new BatchRefusedError(outcome, batchId);
    return answers;
  }

  #submission(line: number, { newJob, customId, concurrency }: NonNullable<UploadLine["job"]>): Submission {
    const { batchId } = this;
    const gate = concurrency === undefined ? undefined : { id: batchId, limit: concurrency };
    return { ...newJob, jobId: batchJobId(batchId, line), gate, batch: { id: batchId, customId } };
  }

  /** Nothing is left of their jobs, so the batch has not taken these lines. */
  async #withdraw(submissions: readonly Submission[]): Promise<void> {
    const { redis, keys, token } = this.#options;
    const lines = submissions.map(({ jobId }) => lineOfJob(jobId));
    const channel = keys.batchEvents(this.batchId);
    await withStore(() =>
      redis.millraceBatchWithdraw(...batchScriptKeys(keys, this.batchId), channel, token, ...lines),
    );
  }

  /** Should it fail, the next write fails too. */
  async #giveSign(): Promise<void> {
    await this.#accept([]).catch(() => undefined);
  }
}

/** What follows the line's number in the rejection that the script writes. */
const MISMATCH_TAIL = JSON.stringify({
  custom_id: null,
  code: "idempotency_mismatch",
  message:
    "This line differs from what its number had when the batch was sent before, and that job stands. Send a changed " +
    "file under another Idempotency-Key.",
} satisfies Omit<BatchRejection, "line">).replace("{", ",");
