import type { BatchLineInput, BatchSource } from "./batch-source.ts";

/** Sent together: a write for each line costs more than the line. */
const CHUNK_CHARACTERS = 65_536;
/** How long a line waits for others to be sent with, in milliseconds. */
const CHUNK_MS = 50;

/** A source as it is read once, from its beginning, as NDJSON. */
export class SourceReading {
  /** Reads the source as fast as it is read itself. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What the source itself has thrown. */
  failure: { error: unknown } | null = null;
  readonly #source: BatchSource;
  readonly #encoder = new TextEncoder();
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #lines: AsyncIterator<BatchLineInput> | null = null;
  /** Lines that have not been sent. */
  #text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(source: BatchSource) {
    this.#source = source;
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => this.#end(),
    });
  }

  /** Reads no more, and lets the source close what it holds; whoever reads the stream gets an error. */
  stop(): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller.error(new Error("The upload has been given up."));
  }

  /** Reads lines until there are enough of them, or those that were too few have been sent. */
  async #pull(): Promise<void> {
    try {
      this.#lines ??= iterate(this.#source);
      do {
        const { done, value } = await this.#lines.next();
        if (this.#isOver) return;
        if (done) return this.#close();
        this.#text += `${JSON.stringify(value)}\n`;
        if (this.#text.length >= CHUNK_CHARACTERS) this.#flush();
        else this.#timer ??= setTimeout(() => this.#flush(), CHUNK_MS);
      } while ((this.#controller.desiredSize ?? 0) > 0);
    } catch (error) {
      if (this.#isOver) return;
      this.failure = { error };
      this.#end();
      throw error;
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.#controller.enqueue(this.#encoder.encode(text));
  }

  #close(): void {
    this.#flush();
    this.#isOver = true;
    this.#controller.close();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    // It may be waiting for its next line: nobody has to wait with it.
    void leave(this.#lines);
  }
}

function iterate(source: BatchSource): AsyncIterator<BatchLineInput> {
  const lines = typeof source === "function" ? source() : source;
  if (lines instanceof ReadableStream) return read(lines);
  return Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : each(lines);
}

/** Its own iterator would wait for a read that is under way before it is left; and not every browser has one. */
function read(lines: ReadableStream<BatchLineInput>): AsyncIterator<BatchLineInput, undefined> {
  const reader = lines.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

async function* each(lines: Iterable<BatchLineInput>): AsyncGenerator<BatchLineInput, void, undefined> {
  yield* lines;
}

async function leave(lines: AsyncIterator<BatchLineInput> | null): Promise<void> {
  try {
    await lines?.return?.();
  } catch {
    // What goes wrong while it closes concerns nobody any more.
  }
}
