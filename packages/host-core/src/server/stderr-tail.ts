/** Enough for a stack trace. */
const MOST_LINES = 20;
const LONGEST_LINE = 500;

/** The last lines that a server wrote to stderr: mostly the only thing that says why it died. */
export class StderrTail {
  #lines: string[] = [];

  push(line: string): void {
    if (line.trim() === "") return;
    this.#lines.push(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
  }

  /** `reason`, and below it what is in the tail. */
  explain(reason: string): string {
    if (this.#lines.length === 0) return reason;
    return [`${reason}; last lines of its stderr:`, ...this.#lines].join("\n");
  }
}
