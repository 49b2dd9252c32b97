const NEWLINE = 0x0a;
/** How much is kept of a line that is too long, of its beginning and of its end: enough to tell what it was. */
const BEGINNING_BYTES = 8 * 1_024;
const END_BYTES = 512;

export interface LineSplitterOptions {
  /** Longest line that is kept, in bytes without the line break. */
  maxBytes: number;
  onLine(line: string): void;
  /** Called once for a line that is too long, with its beginning: 8 KiB at most. The rest of it is skipped. */
  onTooLong(beginning: string): void;
  /** Called when such a line has ended, with the end of it: 512 bytes at most. */
  onSkipped?(end: string): void;
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
  /** The end of a line that is skipped. */
  #end: Buffer = Buffer.alloc(0);

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
    if (part.length === 0) return;
    if (this.#skipping) {
      this.#skip(part);
      return;
    }
    const { maxBytes } = this.#options;
    this.#chunks.push(part);
    this.#length += part.length;
    if (this.#length <= maxBytes) return;
    const beginning = Buffer.concat(this.#chunks, Math.min(maxBytes, BEGINNING_BYTES)).toString("utf8");
    for (const chunk of this.#chunks) this.#skip(chunk);
    this.#chunks = [];
    this.#length = 0;
    this.#skipping = true;
    this.#options.onTooLong(beginning);
  }

  #skip(part: Buffer): void {
    this.#end = Buffer.concat([this.#end, part.subarray(-END_BYTES)]).subarray(-END_BYTES);
  }

  #endLine(): void {
    if (this.#skipping) {
      this.#skipping = false;
      const end = this.#end.toString("utf8");
      this.#end = Buffer.alloc(0);
      this.#options.onSkipped?.(end);
      return;
    }
    this.#options.onLine(this.#take().toString("utf8").replace(/\r$/, ""));
  }

  #take(): Buffer {
    const line = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return line ?? Buffer.alloc(0);
  }
}
