/** A line of an upload, without its end. */
export interface RawLine {
  /** Counted from 1. */
  line: number;
  /** Null when it is longer than a line may be; then nothing of it is kept. */
  bytes: Buffer | null;
}

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines, each of at most `maxBytes`. Holds one unfinished line at most. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;
  #line = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this piece. */
  *push(piece: Buffer): Generator<RawLine> {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      this.#add(piece.subarray(start, end));
      yield this.#take();
      start = end + 1;
    }
    this.#add(piece.subarray(start));
  }

  /** What stands behind the last end of a line, when there is anything. */
  *end(): Generator<RawLine> {
    if (this.#length > 0) yield this.#take();
  }

  #add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.#maxBytes) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  #take(): RawLine {
    this.#line += 1;
    const [only] = this.#pieces;
    const whole = this.#pieces.length === 1 && only ? only : Buffer.concat(this.#pieces);
    const bytes = this.#length > this.#maxBytes ? null : whole;
    this.#pieces = [];
    this.#length = 0;
    return { line: this.#line, bytes };
  }
}
