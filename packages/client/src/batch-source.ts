import type { JobRequestInput } from "@millrace/contracts";

/** One job of a batch, and what you call it: `custom_id` comes back with its result. */
export type BatchLineInput = JobRequestInput & { custom_id?: string | undefined };

type Lines = Iterable<BatchLineInput> | AsyncIterable<BatchLineInput>;

/**
 * The jobs of a batch: a list, a generator, a stream, or a function that gives one of them. A list or a function can
 * be read again when the upload breaks; a generator or a stream cannot.
 */
export type BatchSource = Lines | (() => Lines);

/** Sent together: a write for each line costs more than the line. */
const CHUNK_CHARACTERS = 65_536;

/** What an upload sends; `failure` is what the source itself has thrown. */
export class BatchBody {
  readonly #source: BatchSource;
  #failure: { error: unknown } | null = null;

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

  /** @throws what the source has thrown at an earlier try, since it would again. */
  stream(): ReadableStream<Uint8Array> {
    this.rethrow();
    const chunks = this.#chunks();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        await chunks.return();
      },
    });
  }

  /** The same in one piece, for platforms that cannot send a stream. */
  async blob(): Promise<Blob> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of this.#chunks()) chunks.push(chunk);
    return new Blob(chunks);
  }

  rethrow(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async *#chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const encoder = new TextEncoder();
    let text = "";
    try {
      for await (const line of typeof this.#source === "function" ? this.#source() : this.#source) {
        text += `${JSON.stringify(line)}\n`;
        if (text.length < CHUNK_CHARACTERS) continue;
        yield encoder.encode(text);
        text = "";
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
    if (text !== "") yield encoder.encode(text);
  }
}

/**
 * Whether `fetch` can send a stream: servers' runtimes can. Of the browsers some cannot at all, and the others only
 * over HTTP/2, which a page cannot find out beforehand.
 */
export function canSendStreams(): boolean {
  return !("document" in globalThis) && !("importScripts" in globalThis);
}
