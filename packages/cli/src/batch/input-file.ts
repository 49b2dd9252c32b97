import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, fstatSync, type BigIntStats } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CommandError } from "../failure.ts";

/** What is to be sent, as it was when it was looked through. */
export interface InputFile extends AsyncDisposable {
  readonly path: string;
  /** Of what the user has named, which is not always what stands under `path`. */
  readonly source: BigIntStats;
  /** Lines with something to read on them: the api takes each of these, or rejects it. */
  readonly lines: number;
  /** SHA-256 of the content, in hexadecimal. */
  readonly hash: string;
}

/**
 * Looks a file through; `-` is stdin. It is read again when it is sent: what can be read only once, such as stdin or a
 * pipe, is kept in a file until the end.
 */
export async function openInput(path: string, signal: AbortSignal): Promise<InputFile> {
  if (path === "-") {
    const source = fstatSync(process.stdin.fd, { bigint: true });
    return { source, ...(await spool(process.stdin, signal)) };
  }
  const source = await stat(path, { bigint: true });
  if (source.isDirectory()) throw new CommandError(`${path} is a folder: name a file of NDJSON.`);
  if (!source.isFile()) return { source, ...(await spool(createReadStream(path), signal)) };
  return { path, source, ...(await lookThrough(path)), async [Symbol.asyncDispose]() {} };
}

async function spool(source: Readable, signal: AbortSignal): Promise<Omit<InputFile, "source">> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-batch-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const spooled = join(folder, "input.ndjson");
    await pipeline(source, createWriteStream(spooled), { signal });
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
      if (isEmpty) isEmpty = !chunk.subarray(start, end < 0 ? chunk.length : end).some(isVisible);
      if (end < 0) break;
      if (!isEmpty) lines += 1;
      isEmpty = true;
      start = end + 1;
    }
  }
  return { lines: isEmpty ? lines : lines + 1, hash: hash.digest("hex") };
}

/** A visible character of ASCII: whatever else stands on a line, JSON has some. */
function isVisible(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}
