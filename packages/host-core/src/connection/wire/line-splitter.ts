const NEWLINE = 0x0a;

export interface LineSplitterOptions {
  /** Longest line that is kept, in bytes without the line break. */
  maxBytes: number;
  onLine(line: string): void;
  /** Called once for a line that is too long, with its beginning; the rest of it is skipped. */
  onTooLong(beginning: string): void;
}

/**
 * Cuts a byte stream into lines. The SDK's ReadBuffer copies all that it holds for every chunk, so a long
 * message costs time with the square of its length, and closes the connection at 10 MB.
 */
export class LineSplitter {
  readonly #options: LineSplitterOptions;
  #chunks: Buffer[] = [];
  #length = 0;
  #skipping = false;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#add(rest.subarray(0, end));
      this.#endLine();
      rest = rest.subarray(end + 1);
    }
    this.#add(rest);
  }

  /** Hands out what came after the last line break: a process that dies rarely ends its last line. */
  end(): void {
    if (this.#length > 0) this.#endLine();
  }

  #add(part: Buffer): void {
    if (this.#skipping || part.length === 0) return;
    this.#chunks.push(part);
    this.#length += part.length;
    if (this.#length <= this.#options.maxBytes) return;
    const beginning = this.#take().subarray(0, this.#options.maxBytes).toString("utf8");
    this.#skipping = true;
    this.#options.onTooLong(beginning);
  }

  #endLine(): void {
    const wasSkipping = this.#skipping;
    this.#skipping = false;
    const line = this.#take();
    if (!wasSkipping) this.#options.onLine(line.toString("utf8").replace(/\r$/, ""));
  }

  #take(): Buffer {
    const line = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return line ?? Buffer.alloc(0);
  }
}
