import type { Readable } from "node:stream";
import { LineSplitter } from "./line-splitter.ts";

const LINE_BYTES_MAX = 8 * 1024;

/** Hands on what a process writes to stderr, line by line; of a longer one its beginning. */
export function readStderr(stderr: Readable, onLine: (line: string) => void): void {
  const lines = new LineSplitter({ maxBytes: LINE_BYTES_MAX, onLine, onTooLong: onLine });
  stderr.on("data", (chunk: Buffer) => lines.push(chunk));
  stderr.on("end", () => lines.end());
}
