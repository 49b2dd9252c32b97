import type {
  Batch,
  BatchEvent,
  BatchOrder,
  BatchPage,
  BatchProgress,
  BatchResult,
} from "@millrace/contracts";
import { BatchBody, canSendStreams, type BatchSource } from "./batch-source.ts";
import type { Connection, RequestOptions } from "./http/connection.ts";
import { MillraceError } from "./http/errors.ts";
import { follow, type FollowOptions } from "./http/follow.ts";
import { idempotencyHeader } from "./http/idempotency-key.ts";
import { path } from "./http/path.ts";
import { pause } from "./http/pause.ts";
import { FOLLOW_PATIENCE, REOPEN_MS } from "./http/retry-policy.ts";
import { readLines } from "./http/server-sent-events.ts";
import type { SignalOption } from "./http/signal-option.ts";
import { UploadProgress } from "./upload-progress.ts";

export interface BatchCreateOptions {
  /** Under which the batch can be sent again, by another process too, and goes on. By default one that is made up. */
  idempotencyKey?: string | undefined;
  /** How many of its jobs of one kind run at once. */
  concurrency?: number | undefined;
  /** The following are for jobs that do not say it themselves. */
  priority?: number | undefined;
  timeoutMs?: number | undefined;
  retentionSeconds?: number | undefined;
  /** Gives the upload up, and the source; jobs that have been accepted go on. */
  signal?: AbortSignal | undefined;
}

export interface ResultOptions {
  /** `completion` (default): as the jobs end. `input`: in the order of the batch's lines. */
  order?: BatchOrder | undefined;
  /** Of the last result that is known already: what comes after it is read. */
  cursor?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** `client.batches` */
export class Batches {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Submits any number of jobs, read from the source as fast as they are accepted, and sent as they come. When the
   * connection breaks, the upload is made again under its key and goes on where it was, if the source can be read
   * again; else this throws, and the same jobs can be sent again with the same `idempotencyKey`. A browser gathers the
   * source in memory first. Lines that are no valid job are told in `rejections`, and harm no other.
   * @throws TypeError when `idempotencyKey` cannot be one.
   *
   * @example
   * ```ts
   * const batch = await client.batches.create(
   *   texts.map((text, index) => ({ type: "tool", tool: "everything__echo", arguments: { message: text }, custom_id: `${index}` })),
   *   { concurrency: 20 },
   * );
   * for await (const { custom_id, status, result } of client.batches.results(batch.id)) console.log(custom_id, status);
   * ```
   */
  async create(source: BatchSource, options: BatchCreateOptions = {}): Promise<Batch> {
    const { signal } = options;
    signal?.throwIfAborted();
    const body = new BatchBody(source);
    const stop = (): void => body.stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      if (canSendStreams()) return await this.#uploadStream(() => body.stream(), body.isRepeatable, options);
      const blob = await body.blob();
      return await this.#upload({ body: () => blob }, true, options);
    } catch (error) {
      signal?.throwIfAborted();
      body.rethrow();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      body.stop();
    }
  }

  /**
   * The same with NDJSON that is there already: one job as JSON on each line, in UTF-8. In Node a file is
   * `await openAsBlob(path)` of `node:fs`, which is read as it is sent.
   */
  async upload(ndjson: Blob, options: BatchCreateOptions = {}): Promise<Batch> {
    if (canSendStreams()) return await this.#uploadStream(() => ndjson.stream(), true, options);
    return await this.#upload({ body: () => ndjson }, true, options);
  }

  /** The batch as it is now, with the first 1,000 lines that were rejected. */
  async get(batchId: string, { signal }: SignalOption = {}): Promise<Batch> {
    return await this.#connection.read(path`/batches/${batchId}`, { signal });
  }

  /** All batches of this key, newest first, read page by page. */
  async *list({ signal }: SignalOption = {}): AsyncGenerator<BatchProgress, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: BatchPage = await this.#connection.read("/batches", { query: { cursor }, signal });
      yield* page.batches;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /**
   * How far a batch is, at most ten times a second, until it has ended. Lost connections are made again.
   *
   * @example
   * ```ts
   * for await (const { batch } of client.batches.events(batchId)) console.log(batch.counts);
   * ```
   */
  events(batchId: string, options: FollowOptions = {}): AsyncGenerator<BatchEvent, void, undefined> {
    const log = { path: path`/batches/${batchId}/events`, isEnd: isLastEvent, gapless: false };
    return follow<BatchEvent>(this.#connection, log, options);
  }

  /** Waits until a batch has ended, however long. */
  async wait(batchId: string, { signal }: SignalOption = {}): Promise<Batch> {
    for await (const event of this.events(batchId, { signal })) if (isLastEvent(event)) break;
    return await this.get(batchId, { signal });
  }

  /**
   * The results of a batch as they come, until it has ended; each has a `cursor` with which another reader can go on.
   * Lost connections are made again; no result is missing, none comes twice.
   */
  async *results(
    batchId: string,
    { order, cursor: start, signal }: ResultOptions = {},
  ): AsyncGenerator<BatchResult, void, undefined> {
    let cursor = start;
    const changes = this.events(batchId, { signal });
    try {
      for (let isEnded = false; !isEnded;) {
        // Looked at before the results: what has ended by then is all there.
        const change = await changes.next();
        isEnded = change.done === true || isLastEvent(change.value);
        for await (const result of this.#resultsByNow(batchId, { order, cursor, signal })) {
          cursor = result.cursor;
          yield result;
        }
      }
    } finally {
      await changes.return();
    }
  }

  /** Stops every job of it that has not ended; nothing more can be uploaded to it. */
  async cancel(batchId: string, { signal }: SignalOption = {}): Promise<Batch> {
    const options = { method: "POST", repeatable: true, signal } as const;
    return await this.#connection.read(path`/batches/${batchId}/cancel`, options);
  }

  /** However long it lasts, it is made again after a break as long as each time more has been sent. */
  async #uploadStream(
    open: () => ReadableStream<Uint8Array>,
    isRepeatable: boolean,
    options: BatchCreateOptions,
  ): Promise<Batch> {
    const progress = new UploadProgress();
    const content = { body: () => progress.count(open()), hasGotOn: () => progress.hasGotOn() };
    return await this.#upload(content, isRepeatable, options);
  }

  async #upload(
    content: Pick<RequestOptions, "body" | "hasGotOn">,
    isRepeatable: boolean,
    options: BatchCreateOptions,
  ): Promise<Batch> {
    const { signal, concurrency, priority } = options;
    const { timeoutMs: timeout_ms, retentionSeconds: retention_seconds } = options;
    const request = {
      method: "POST",
      query: { concurrency, priority, timeout_ms, retention_seconds },
      headers: { "content-type": "application/x-ndjson", ...idempotencyHeader(options.idempotencyKey) },
      ...content,
      signal,
      repeatable: isRepeatable,
      ...(isRepeatable ? {} : { patience: { attempts: 1, totalMs: 0 } }),
    } as const;
    for (let accepted = 0; ;) {
      try {
        return await this.#connection.read<Batch>("/batches", request);
      } catch (error) {
        // A queue that is full takes more as jobs end: that may last, but gets on.
        const full = error instanceof MillraceError && error.status === 429 ? error : null;
        const before = accepted;
        accepted = full?.problem?.batch?.accepted ?? 0;
        if (!full || !isRepeatable || accepted <= before) throw error;
        await pause(full.retryAfterMs ?? 0, signal);
      }
    }
  }

  /** What has ended by now, also through connections that break. */
  async *#resultsByNow(
    batchId: string,
    { order, cursor: start, signal }: ResultOptions,
  ): AsyncGenerator<BatchResult, void, undefined> {
    const place = path`/batches/${batchId}/results`;
    const headers = { accept: "application/x-ndjson" };
    for (let cursor = start; ;) {
      const query = { order, cursor };
      const response = await this.#connection.open(place, {
        query,
        headers,
        signal,
        patience: FOLLOW_PATIENCE,
      });
      const lines = readLines(response.body ?? new Blob([]).stream());
      try {
        for (;;) {
          // A stream that breaks is opened again from its last line on.
          const line = await lines.next().catch(() => null);
          signal?.throwIfAborted();
          if (line === null) break;
          if (line.done) return;
          const result = JSON.parse(line.value) as BatchResult;
          cursor = result.cursor;
          yield result;
        }
      } finally {
        await lines.return();
      }
      await pause(REOPEN_MS, signal);
    }
  }
}

function isLastEvent({ type }: BatchEvent): boolean {
  return type !== "batch.progress";
}
