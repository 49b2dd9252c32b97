import type { JobRequestInput } from "@millrace/contracts";
import { SourceReading } from "./source-reading.ts";

/** One job of a batch, and what you call it: `custom_id` comes back with its result. */
export type BatchLineInput = JobRequestInput & { custom_id?: string | undefined };

type Lines = Iterable<BatchLineInput> | AsyncIterable<BatchLineInput>;

/**
 * The jobs of a batch: a list, a generator, a stream, or a function that gives one of them. A list or a function can
 * be read again when the upload breaks; a generator or a stream cannot.
 */
export type BatchSource = Lines | (() => Lines);

/** What an upload sends. */
export class BatchBody {
  readonly #source: BatchSource;
  #reading: SourceReading | null = null;

  constructor(source: BatchSource) {
    this.#source = source;
  }

  /** Whether it can be read from its beginning a second time. */
  get isRepeatable(): boolean {
    const source = this.#source;
    if (typeof source === "function") return true;
    if (source instanceof ReadableStream) return false;
    // An iterator that is its own iterable can be gone through once.
    return Symbol.iterator in source && !Object.is(source[Symbol.iterator](), source);
  }

  /**
   * Reads it from its beginning; an earlier reading stops.
   * @throws what the source has thrown at an earlier reading, since it would again.
   */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.rethrow();
    this.stop();
    this.#reading = new SourceReading(this.#source);
    return this.#reading.stream;
  }

  /** The same in one piece, for platforms that cannot send a stream. */
  async blob(): Promise<Blob> {
    return await new Response(this.stream()).blob();
  }

  /** Nothing more is read, and the source is told so. */
  stop(): void {
    this.#reading?.stop();
  }

  rethrow(): void {
    const failure = this.#reading?.failure;
    if (failure) throw failure.error;
  }
}

/**
 * Whether `fetch` can send a stream: servers' runtimes can. Of the browsers some cannot at all, and the others only
 * over HTTP/2, which a page cannot find out beforehand.
 */
export function canSendStreams(): boolean {
  return !("document" in globalThis) && !("importScripts" in globalThis);
}
