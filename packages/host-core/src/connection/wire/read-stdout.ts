import type { Readable } from "node:stream";
import { MESSAGE_BYTES_MAX } from "./json-rpc.ts";
import { LineSplitter } from "./line-splitter.ts";

export interface StdoutListener {
  onLine: (line: string) => void;
  /** Told of a line that is longer than any message may be: its beginning and its end. */
  onTooLong: (ends: string) => void;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads the lines that a server writes. The last one counts without its line break as well, unless it was cut off. */
export function readStdout(stdout: Readable, { onLine, onTooLong }: StdoutListener): void {
  let beginning = "";
  let hasEnded = false;
  const lines = new LineSplitter({
    maxBytes: MESSAGE_BYTES_MAX,
    onLine: (line) => {
      if (!hasEnded || isJson(line)) onLine(line);
    },
    onTooLong: (text) => {
      beginning = text;
    },
    onSkipped: (end) => onTooLong(beginning + end),
  });
  stdout.on("data", (chunk: Buffer) => lines.push(chunk));
  stdout.on("end", () => {
    hasEnded = true;
    lines.end();
  });
}
