import { isTerminalEvent, type BatchOrder, type BatchResult } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { eventType } from "../reading/event-log.ts";
import { endedStatus, shownResult, type TerminalEvent } from "../reading/terminal-event.ts";
import type { Keys } from "../keys.ts";
import type { OutcomeReply } from "../scripts.ts";
import type { Answer } from "../redis/answer.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { batchJobId } from "./batch-id.ts";
import { BatchLines } from "./batch-lines.ts";
import { mayFillGaps, parseBatch } from "./batch-record.ts";

/** How many jobs' outcomes are asked for at once. */
const PAGE = 100;
/** An outcome of more bytes than this is read alone, so that a page has a bound. */
const SMALL_BYTES = 32 * 1_024;
/** A page ends early when it has this many characters. */
const PAGE_LENGTH_MAX = 1_024 * 1_024;

const CURSOR = /^([ci])(\d{1,12})$/;
const LETTERS: Readonly<Record<BatchOrder, string>> = { completion: "c", input: "i" };

/** The place that a cursor names; null when it is none of that order. */
export function parseBatchCursor(cursor: string, order: BatchOrder): number | null {
  const [, letter, place] = CURSOR.exec(cursor) ?? [];
  return letter === LETTERS[order] ? Number(place) : null;
}

interface Entry {
  line: number;
  /** What the cursor says behind this line. */
  place: number;
}

/** Reads the results of a batch from a place on, by the page. */
export class BatchResults {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #batchId: string;
  readonly #order: BatchOrder;
  readonly #lines: BatchLines;
  readonly #read: Answer;
  #place: number;

  constructor(
    { redis, keys, read }: { redis: Redis; keys: Keys; read: Answer },
    { batchId, order, after }: { batchId: string; order: BatchOrder; after: number },
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#batchId = batchId;
    this.#order = order;
    this.#place = after;
    this.#lines = new BatchLines(redis, keys, batchId);
    this.#read = read;
  }

  /** The next results; an empty page means that there is nothing more now. */
  async next(): Promise<BatchResult[]> {
    for (;;) {
      const results = await this.#read(() => this.#page());
      // Jobs that have been opened again come once more when they end.
      if (results === null || results.length > 0) return results ?? [];
    }
  }

  /** Null when there is nothing more now. */
  async #page(): Promise<BatchResult[] | null> {
    const entries = await this.#entries();
    return entries.length === 0 ? null : await this.#results(entries);
  }

  async #entries(): Promise<Entry[]> {
    if (this.#order === "completion") {
      const { ended } = this.#keys.batch(this.#batchId);
      const lines = await this.#redis.lrange(ended, this.#place, this.#place + PAGE - 1);
      return lines.map((line, index) => ({ line: Number(line), place: this.#place + index + 1 }));
    }
    // Read before the lines, so that none of them is passed over which an upload makes in between.
    const isOpen = await this.#isOpen();
    const lines = await this.#lines.endedAfter(this.#place, PAGE, isOpen);
    return lines.map((line) => ({ line, place: line }));
  }

  /** An upload that was cut off, or is under way again, may still make jobs of lines that were withdrawn. */
  async #isOpen(): Promise<boolean> {
    const record = parseBatch(await this.#redis.hgetall(this.#keys.batch(this.#batchId).record));
    return record !== null && mayFillGaps(record);
  }

  async #results(entries: readonly Entry[]): Promise<BatchResult[]> {
    const outcomes = await this.#outcomes(entries);
    const results: BatchResult[] = [];
    let length = 0;
    for (const [index, entry] of entries.entries()) {
      const [customId, read] = outcomes[index] ?? [null, null];
      const event = typeof read === "number" ? await this.#largeEvent(entry.line) : read;
      length += event?.length ?? 0;
      const result = await this.#result(entry, customId, event);
      this.#place = entry.place;
      if (result) results.push(result);
      if (length >= PAGE_LENGTH_MAX) break;
    }
    return results;
  }

  async #outcomes(entries: readonly Entry[]): Promise<OutcomeReply[]> {
    const pipeline = this.#redis.pipeline();
    for (const { line } of entries) {
      const jobId = batchJobId(this.#batchId, line);
      pipeline.millraceReadOutcome(this.#keys.record(jobId), this.#keys.log(jobId), SMALL_BYTES);
    }
    return pipelineReplies(await pipeline.exec()) as OutcomeReply[];
  }

  async #largeEvent(line: number): Promise<string | null> {
    return await this.#redis.lindex(this.#keys.log(batchJobId(this.#batchId, line)), -1);
  }

  async #result(
    { line, place }: Entry,
    customId: string | null,
    event: string | null,
  ): Promise<BatchResult | null> {
    const common = {
      cursor: `${LETTERS[this.#order]}${place}`,
      custom_id: customId,
      job_id: batchJobId(this.#batchId, line),
      line,
    };
    if (event === null) {
      const [known] = await this.#lines.after(line - 1, 1, () => true);
      if (known?.line !== line || known.state === "taken" || known.state === "pending") return null;
      // Its own retention was shorter than its batch's.
      return { ...common, status: known.state, result: null, error: null };
    }
    if (!isTerminalEvent(eventType(event))) return null;
    const { type, result, error = null } = JSON.parse(event) as TerminalEvent;
    return { ...common, status: endedStatus(type), result: result ? shownResult(result) : null, error };
  }
}
