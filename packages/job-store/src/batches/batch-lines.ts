import type { JobStatus, TerminalStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import { batchJobId, isBatchId, isJobOfBatch, lineOfJob } from "./batch-id.ts";

/** What is kept of a line. See `scripts/batch-settle.lua`. */
export type LineState = "taken" | "pending" | TerminalStatus;

/** How each is stored. */
export const LINE_LETTERS: Readonly<Record<LineState, string>> = {
  taken: "w",
  pending: "q",
  completed: "c",
  failed: "f",
  cancelled: "x",
};

const STATES: ReadonlyMap<string, LineState> = new Map(
  Object.entries(LINE_LETTERS).map(([state, letter]) => [letter, state as LineState]),
);

/**
 * Bytes of a line's hash that are kept; all are 0 when it never had a job. One changed line in 280,000,000,000,000 is
 * taken for what was sent before.
 */
export const HASH_LENGTH = 6;

/** A reading begins with this many lines and doubles up to {@link PIECE_LENGTH_MAX}. */
const FIRST_PIECE = 256;
const PIECE_LENGTH_MAX = 64 * 1_024;

export interface BatchLineState {
  line: number;
  state: LineState;
}

/** The lines of a batch that have made jobs, read in pieces. */
export class BatchLines {
  readonly #redis: Redis;
  readonly #states: string;
  readonly #hashes: string;

  constructor(redis: Redis, keys: Keys, batchId: string) {
    this.#redis = redis;
    const { states, hashes } = keys.batch(batchId);
    this.#states = states;
    this.#hashes = hashes;
  }

  /** At most `limit` lines after one whose state `fits`, in order. */
  async after(line: number, limit: number, fits: (state: LineState) => boolean): Promise<BatchLineState[]> {
    const found: BatchLineState[] = [];
    for (let start = line, length = FIRST_PIECE; ; start += length, length = grown(length)) {
      const piece = await this.#redis.getrange(this.#states, start, start + length - 1);
      for (let index = 0; index < piece.length && found.length < limit; index += 1) {
        const state = stateOf(piece, index);
        if (state && fits(state)) found.push({ line: start + index + 1, state });
      }
      if (piece.length < length || found.length === limit) return found;
    }
  }

  /**
   * At most `limit` lines after one whose jobs have ended, in order, up to the first that has not. With `isOpen` a line
   * that was withdrawn has not ended either: an upload that goes on makes its job.
   */
  async endedAfter(line: number, limit: number, isOpen: boolean): Promise<number[]> {
    const ended: number[] = [];
    for (let start = line, length = FIRST_PIECE; ; start += length, length = grown(length)) {
      const piece = await this.#redis.getrange(this.#states, start, start + length - 1);
      const end = isOpen ? await this.#firstWithdrawn(piece, start) : piece.length;
      for (let index = 0; index < end && ended.length < limit; index += 1) {
        const state = stateOf(piece, index);
        if (state && isUnfinished(state)) return ended;
        if (state) ended.push(start + index + 1);
      }
      if (end < length || ended.length === limit) return ended;
    }
  }

  /** At most `limit` lines before one whose state `fits`, from the last to the first. */
  async before(line: number, limit: number, fits: (state: LineState) => boolean): Promise<BatchLineState[]> {
    const found: BatchLineState[] = [];
    let end = Math.min(line - 1, await this.#redis.strlen(this.#states));
    for (let length = FIRST_PIECE; end > 0 && found.length < limit; end -= length, length = grown(length)) {
      const start = Math.max(0, end - length);
      const piece = await this.#redis.getrange(this.#states, start, end - 1);
      for (let index = piece.length - 1; index >= 0 && found.length < limit; index -= 1) {
        const state = stateOf(piece, index);
        if (state && fits(state)) found.push({ line: start + index + 1, state });
      }
    }
    return found;
  }

  /**
   * Where in a piece of the states the first line stands that was withdrawn; its length when there is none. Read after
   * the piece: a line that has got its job meanwhile keeps its hash.
   */
  async #firstWithdrawn(piece: string, start: number): Promise<number> {
    const nothing = piece.indexOf("\0");
    if (nothing < 0) return piece.length;
    const from = (start + nothing) * HASH_LENGTH;
    const until = (start + piece.length) * HASH_LENGTH;
    const hashes = await this.#redis.getrangeBuffer(this.#hashes, from, until - 1);
    for (let index = nothing; index < piece.length; index += 1) {
      const place = (index - nothing) * HASH_LENGTH;
      const hash = hashes.subarray(place, place + HASH_LENGTH);
      if (piece.charAt(index) === "\0" && hash.some((byte) => byte !== 0)) return index;
    }
    return piece.length;
  }
}

function grown(length: number): number {
  return Math.min(length * 2, PIECE_LENGTH_MAX);
}

function stateOf(piece: string, index: number): LineState | undefined {
  return STATES.get(piece.charAt(index).toLowerCase());
}

export function isUnfinished(state: LineState): boolean {
  return state === "taken" || state === "pending";
}

/**
 * The ids of a batch's jobs before the job `cursor`, newest first, which is from the last line to the first. With a
 * status, those that may have it.
 */
export async function batchJobsBefore(
  { redis, keys }: { redis: Redis; keys: Keys },
  filter: {
    batchId: string;
    status: JobStatus | undefined;
    cursor: string | undefined;
    count: number;
  },
): Promise<string[]> {
  const { batchId, status, cursor, count } = filter;
  if (!isBatchId(batchId)) return [];
  if (cursor !== undefined && !isJobOfBatch(cursor, batchId)) return [];
  // What the batch says of a job's end may be a little late, so it only leaves out what has ended otherwise.
  const fits = (state: LineState) => status === undefined || state === status || isUnfinished(state);
  const last = cursor === undefined ? Number.MAX_SAFE_INTEGER : lineOfJob(cursor);
  const lines = await new BatchLines(redis, keys, batchId).before(last, count, fits);
  return lines.map(({ line }) => batchJobId(batchId, line));
}
