import { shorten } from "../shorten.ts";

/** Enough for a stack trace. */
const LINES_MAX = 20;
const LINE_LENGTH_MAX = 500;

/** The last lines that a server wrote to stderr: mostly the only thing that says why it died. */
export class StderrTail {
  readonly #redact: (text: string) => string;
  #lines: string[] = [];

  /** `redact` hides secrets: before a line is cut, or the beginning of one would stay. */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  push(given: string): void {
    if (given.trim() === "") return;
    const line = this.#redact(given);
    this.#lines.push(line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)}…` : line);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
  }

  /** `reason`, which may quote the server at length, and below it what is in the tail. */
  explain(given: string): string {
    const reason = shorten(given, { redact: this.#redact });
    if (this.#lines.length === 0) return reason;
    return [`${reason}; last lines of its stderr:`, ...this.#lines].join("\n");
  }
}
