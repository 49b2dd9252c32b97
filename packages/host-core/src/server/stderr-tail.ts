import { shorten } from "../shorten.ts";

/** Many programs say what is wrong first, and then at length how they are to be called. */
const FIRST_LINES = 5;
/** Enough for a stack trace. */
const LAST_LINES_MAX = 20;
const LINE_LENGTH_MAX = 500;

/** The last lines that a server wrote to stderr, and the first few: mostly the only thing that says why it died. */
export class StderrTail {
  readonly #redact: (text: string) => string;
  readonly #first: string[] = [];
  readonly #last: string[] = [];
  /** Whether lines between them are gone. */
  #hasGap = false;

  /** `redact` hides secrets: before a line is cut, or the beginning of one would stay. */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  push(given: string): void {
    if (given.trim() === "") return;
    const line = this.#redact(given);
    const lines = this.#first.length < FIRST_LINES ? this.#first : this.#last;
    lines.push(line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)}…` : line);
    if (this.#last.length <= LAST_LINES_MAX) return;
    this.#last.shift();
    this.#hasGap = true;
  }

  /** `reason`, which may quote the server at length, and below it what is in the tail. */
  explain(given: string): string {
    const reason = shorten(given, { redact: this.#redact });
    if (this.#first.length === 0) return reason;
    const [which, gap] = this.#hasGap ? ["first and last", ["…"]] : ["last", []];
    return [`${reason}; ${which} lines of its stderr:`, ...this.#first, ...gap, ...this.#last].join("\n");
  }
}
