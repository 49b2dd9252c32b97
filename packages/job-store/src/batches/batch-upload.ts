import { setTimeout as delay } from "node:timers/promises";
import { BATCH_REJECTIONS_MAX, type Batch, type BatchRejection } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { QueueFullError } from "../admission/tenant-limits.ts";
import type { Keys } from "../keys.ts";
import type { Submission } from "../submission/submission.ts";
import { withStore } from "../redis/unavailable.ts";
import { batchJobId, lineOfJob } from "./batch-id.ts";
import { batchScriptKeys } from "./batch-record.ts";
import { packLines, type UploadLine } from "./upload-line.ts";

/** An upload that is silent for so long is taken to be dead, in milliseconds. */
export const UPLOAD_SILENCE_MS = 30_000;
const SIGN_OF_LIFE_MS = 10_000;

/** So many chunks are being written at a time. */
const WRITES_AT_ONCE = 2;

/** How long an upload waits at the key's cap of queued jobs, in milliseconds. */
export const CAP_WAIT_MS = 60_000;
const CAP_RETRY_MS = 250;
/** At the cap so few are tried at a time: most of them will be refused. */
const PROBE_JOBS = 10;

/** Many lines are written at a time, and their client waits for long. In milliseconds. */
export const WRITE_TIMEOUT_MS = 15_000;

function patiently<Value>(commands: () => Promise<Value>): Promise<Value> {
  return withStore(commands, WRITE_TIMEOUT_MS);
}

/** `gone`: the batch has expired. `superseded`: a newer upload of the same batch has taken over. */
export class BatchRefusedError extends Error {
  override name = "BatchRefusedError";
  readonly reason: "gone" | "cancelled" | "superseded";
  readonly batchId: string;

  constructor(reason: BatchRefusedError["reason"], batchId: string) {
    super(`Batch ${batchId} takes no lines of this upload: ${reason}`);
    this.reason = reason;
    this.batchId = batchId;
  }
}

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
  /** How long it waits there, in milliseconds. */
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
  readonly #writes = new Set<Promise<void>>();
  readonly #signs: NodeJS.Timeout;
  #failure: { error: unknown } | null = null;

  constructor(options: BatchUploadOptions) {
    this.#options = options;
    this.batchId = options.batchId;
    this.isResumed = options.isResumed;
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
    const write = this.#write(lines).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
    while (this.#writes.size >= WRITES_AT_ONCE) await Promise.race(this.#writes);
    this.#throwFailure();
  }

  /**
   * Ends the upload, `complete` when all lines have been written. Resolves with the batch as it is then.
   * @throws as {@link write}, when it is to be complete and is not.
   */
  async close(state: "complete" | "cut"): Promise<Batch | null> {
    clearInterval(this.#signs);
    while (this.#writes.size > 0) await Promise.race(this.#writes);
    const isCut = state === "cut" || this.#failure !== null;
    const { redis, keys, token, read } = this.#options;
    const { batchId } = this;
    await patiently(() =>
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

  async #write(lines: readonly UploadLine[]): Promise<void> {
    const answers = await this.#accept(lines);
    const first = lines[0]?.line ?? 1;
    const jobs = lines.flatMap((line) => {
      const answer = answers.charAt(line.line - first);
      return line.job && (answer === "n" || answer === "w") ? [this.#submission(line.line, line.job)] : [];
    });
    if (jobs.length === 0) return;
    await this.#submit(jobs);
    const { redis, keys } = this.#options;
    const written = jobs.map(({ jobId }) => lineOfJob(jobId));
    await patiently(() => redis.millraceBatchConfirm(...batchScriptKeys(keys, this.batchId), ...written));
  }

  async #accept(lines: readonly UploadLine[]): Promise<string> {
    const { redis, keys, token, retentionSeconds } = this.#options;
    const { batchId } = this;
    const retentions = lines.map(({ job }) => job?.newJob.request.retention_seconds ?? 0);
    const { first, marks, hashes } = packLines(lines);
    const rejections = lines.flatMap(({ line, rejection }) =>
      rejection ? [line, JSON.stringify(rejection)] : [],
    );
    const [outcome, answers] = await patiently(() =>
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

  /** At the key's cap this waits, and with it the reading of the upload. */
  async #submit(submissions: readonly Submission[]): Promise<void> {
    const { signal, capWaitMs } = this.#options;
    const until = performance.now() + capWaitMs;
    let left = submissions;
    let isAtCap = false;
    while (left.length > 0) {
      // What the cap refuses has been written in vain, so a few ask whether there is room again.
      const attempt: readonly Submission[] = isAtCap ? left.slice(0, PROBE_JOBS) : left;
      const { refused, error } = await patiently(() => this.#attempt(attempt));
      left = [...refused, ...left.slice(attempt.length)];
      isAtCap = error !== null;
      if (!error) continue;
      if (performance.now() >= until || signal.aborted) {
        await this.#withdraw(left);
        throw error;
      }
      await delay(CAP_RETRY_MS, undefined, { signal }).catch(() => undefined);
      // The batch may have been cancelled meanwhile, or a newer upload may have come.
      await this.#accept([]);
    }
  }

  /** Submits jobs; resolves with those that the key's cap has refused. */
  async #attempt(
    submissions: readonly Submission[],
  ): Promise<{ refused: Submission[]; error: QueueFullError | null }> {
    const { submit } = this.#options;
    const written = await Promise.allSettled(submissions.map((submission) => submit(submission)));
    let full: QueueFullError | null = null;
    const refused = submissions.filter((_, index) => {
      const result = written[index];
      if (result?.status !== "rejected") return false;
      if (!(result.reason instanceof QueueFullError)) throw result.reason;
      full = result.reason;
      return true;
    });
    return { refused, error: full };
  }

  /** Nothing is left of their jobs, so the batch has not taken these lines. */
  async #withdraw(submissions: readonly Submission[]): Promise<void> {
    const { redis, keys, token } = this.#options;
    const lines = submissions.map(({ jobId }) => lineOfJob(jobId));
    const channel = keys.batchEvents(this.batchId);
    await patiently(() =>
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
