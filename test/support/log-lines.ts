/** One line of a program's structured log (pino), or of plain text, which has only `msg`. */
export interface LogLine {
  msg: string;
  [field: string]: unknown;
}

/** The log of a program, of which a test can await a line: the signal that something has happened in it. */
export class LogLines {
  readonly lines: LogLine[] = [];
  readonly #waiting = new Set<() => void>();
  #rest = "";

  /** Takes what the program writes; also the destination of an in-process logger. */
  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.lines.push(...lines.filter((line) => line !== "").map(parseLine));
    for (const wake of this.#waiting) wake();
  }

  /** Everything so far as text, to search for what must not be in it. */
  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join("\n");
  }

  /** The first line that fits, from the beginning or from the next one to come. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    const { promise, resolve } = Promise.withResolvers<LogLine>();
    const look = (): void => {
      const found = this.lines.find(fits);
      if (!found) return;
      this.#waiting.delete(look);
      resolve(found);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
