import { once } from "node:events";
import { constants, createWriteStream, type WriteStream } from "node:fs";
import { open, stat, truncate, type FileHandle } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { CommandError } from "../failure.ts";

/** Where the results go, one on a line. */
export interface ResultSink {
  /** Of the last result that stands there already. */
  readonly cursor: string | undefined;
  write(line: string): Promise<void>;
  close(): Promise<void>;
}

const LINE_FEED = 10;
const TAIL_BYTES = 65_536;
/** How soon is looked again whether something reads a pipe. */
const READER_POLL_MS = 100;

/** Goes on behind the last whole result of a file; half a line at its end, which a crash has left, is taken away. */
export async function openResultFile(path: string): Promise<ResultSink> {
  const { length, size, lastLine } = await readEnd(path);
  if (length < size) await truncate(path, length);
  const cursor = lastLine === null ? undefined : cursorOf(lastLine, path);
  return { cursor, ...streamWriter(createWriteStream(path, { flags: "a" }), path) };
}

/** Results to a device, or to a pipe as soon as something reads it. */
export async function openResultPipe(path: string, signal: AbortSignal): Promise<ResultSink> {
  // An open that waits for the reader could not be given up.
  await using _reader = (await stat(path)).isFIFO() ? await untilRead(path, signal) : null;
  const pipe = await open(path, constants.O_WRONLY);
  return { cursor: undefined, ...streamWriter(pipe.createWriteStream(), path) };
}

async function untilRead(path: string, signal: AbortSignal): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENXIO") throw error;
    }
    await setTimeout(READER_POLL_MS, undefined, { signal });
  }
}

/** Results to stdout. */
export function stdoutResults(stdout: NodeJS.WriteStream): ResultSink {
  return { cursor: undefined, write: (line) => writeLine(stdout, line), async close() {} };
}

/** What goes wrong is thrown by the next call, and names the file. */
function streamWriter(stream: WriteStream, path: string): Pick<ResultSink, "write" | "close"> {
  let failure: Error | null = null;
  // Nobody may be waiting for the stream when it fails.
  stream.on("error", (error) => (failure ??= Object.assign(error, { path })));
  return {
    async write(line) {
      if (failure) throw failure;
      await writeLine(stream, line);
    },
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

async function writeLine(stream: WriteStream | NodeJS.WriteStream, line: string): Promise<void> {
  if (!stream.write(`${line}\n`)) await once(stream, "drain");
}

/** How long a file is, where its last whole line ends, and that line. */
async function readEnd(path: string): Promise<{ size: number; length: number; lastLine: string | null }> {
  await using file = await open(path);
  const { size } = await file.stat();
  for (let bytes = TAIL_BYTES; ; bytes *= 4) {
    const start = Math.max(0, size - bytes);
    const tail = Buffer.alloc(size - start);
    await file.read(tail, 0, tail.length, start);
    const end = tail.lastIndexOf(LINE_FEED);
    const before = end <= 0 ? -1 : tail.lastIndexOf(LINE_FEED, end - 1);
    if (start > 0 && (end < 0 || before < 0)) continue;
    const lastLine = end < 0 ? null : tail.subarray(before + 1, end).toString("utf8");
    return { size, length: end < 0 ? 0 : start + end + 1, lastLine };
  }
}

function cursorOf(line: string, path: string): string {
  try {
    const { cursor } = JSON.parse(line) as { cursor: unknown };
    if (typeof cursor === "string") return cursor;
  } catch {
    // Told below.
  }
  throw new CommandError(
    `${path} does not end with a result of a batch: choose another -o, or give --restart.`,
  );
}
