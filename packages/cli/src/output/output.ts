import { styleText } from "node:util";
import { printable, printableLine } from "./printable.ts";
import { formatTable } from "./table.ts";

type Style = Parameters<typeof styleText>[0];

/** Where a program writes: terminals, pipes or files. */
export interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/**
 * What the program says: results on stdout, everything else on stderr. With `json` stdout has JSON alone. Colours and
 * notes are for terminals only.
 */
export class Output {
  readonly json: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;

  constructor({ json, stdout, stderr }: Streams & { json: boolean }) {
    this.json = json;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Whether a person reads stdout, as it is written. */
  get isLive(): boolean {
    return this.stdout.isTTY && !this.json;
  }

  /** One JSON value on a line of its own. */
  value(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Text of a result, with a line feed at its end. */
  text(text: string): void {
    this.piece(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** A piece of text that others follow. */
  piece(text: string): void {
    this.stdout.write(this.stdout.isTTY ? printable(text) : text);
  }

  /** Rows with a header, as wide as the terminal. */
  table(header: readonly string[], rows: readonly (readonly string[])[]): void {
    const width = this.stdout.isTTY ? this.stdout.columns : Infinity;
    const [first = "", ...rest] = formatTable(header, rows, width);
    this.stdout.write(`${[this.styled("bold", first, this.stdout), ...rest].join("\n")}\n`);
  }

  /** How things go: nothing that a script would miss. */
  note(text: string): void {
    if (this.stderr.isTTY) this.stderr.write(`${this.styled("dim", printable(text))}\n`);
  }

  /** What must be known, on one line. */
  warn(text: string): void {
    this.stderr.write(`${this.styled("yellow", printableLine(text))}\n`);
  }

  /** Why the command fails, on one line. */
  error(text: string): void {
    this.stderr.write(`${this.styled("red", "millrace:")} ${printable(text)}\n`);
  }

  /** Plain where colours are not wanted (`NO_COLOR`) or not seen. */
  styled(style: Style, text: string, stream: NodeJS.WriteStream = this.stderr): string {
    return styleText(style, text, { stream });
  }
}
