import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CommandError } from "../failure.ts";

/** What is to be sent, as it was when it was looked through. */
export interface InputFile extends AsyncDisposable {
  readonly path: string;
  /** Lines that are not empty. */
  readonly lines: number;
  /** SHA-256 of the content, in hexadecimal. */
  readonly hash: string;
}

/** Looks a file through; `-` is stdin, which is kept in a file until the end, so that it can be sent again. */
export async function openInput(path: string, signal: AbortSignal): Promise<InputFile> {
  // A lone dash may arrive as an empty word.
  if (path !== "-" && path !== "") {
    if ((await stat(path)).isDirectory())
      throw new CommandError(`${path} is a folder: name a file of NDJSON.`);
    return { path, ...(await lookThrough(path)), async [Symbol.asyncDispose]() {} };
  }
  const folder = await mkdtemp(join(tmpdir(), "millrace-batch-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const spooled = join(folder, "stdin.ndjson");
    await pipeline(process.stdin, createWriteStream(spooled), { signal });
    return { path: spooled, ...(await lookThrough(spooled)), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const LINE_FEED = 10;

async function lookThrough(path: string): Promise<{ lines: number; hash: string }> {
  const hash = createHash("sha256");
  let lines = 0;
  let isEmpty = true;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf(LINE_FEED, start);
      const length = (end < 0 ? chunk.length : end) - start;
      // A carriage return alone is an empty line too; it cannot be cut from its line feed in a way that matters.
      if (length > 1 || (length === 1 && chunk[start] !== 13)) isEmpty = false;
      if (end < 0) break;
      if (!isEmpty) lines += 1;
      isEmpty = true;
      start = end + 1;
    }
  }
  return { lines: isEmpty ? lines : lines + 1, hash: hash.digest("hex") };
}
