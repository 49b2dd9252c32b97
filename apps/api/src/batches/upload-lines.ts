import type { BatchUpload, UploadLine } from "@millrace/job-store";
import { BATCH_LINES_MAX, isShallow, JSON_DEPTH_MAX } from "@millrace/contracts";
import { ProblemError } from "../http/problem.ts";
import { LineSplitter, type RawLine } from "./line-splitter.ts";
import type { BodyPiece } from "./read-body.ts";
import type { LineReader } from "./read-line.ts";

/** How many lines a chunk spans at most, empty ones counted. */
const CHUNK_LINES = 500;
/** How many bytes a chunk has at most, the conversations that its jobs go on with counted; or it is one line. */
const CHUNK_BYTES = 1_024 * 1_024;

/** Where lines go: into chunks, and those into the batch. */
class LineWriter {
  readonly #upload: BatchUpload;
  #chunk: UploadLine[] = [];
  #bytes = 0;

  constructor(upload: BatchUpload) {
    this.#upload = upload;
  }

  /** Waits for room when too much is being written. */
  async add(line: UploadLine): Promise<void> {
    const first = this.#chunk[0]?.line ?? line.line;
    const bytes = line.content.byteLength + (line.job?.newJob.previous?.bytes ?? 0);
    const isFull = line.line - first >= CHUNK_LINES || this.#bytes + bytes > CHUNK_BYTES;
    if (isFull) await this.flush();
    this.#chunk.push(line);
    this.#bytes += bytes;
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = [];
    this.#bytes = 0;
    await this.#upload.write(chunk);
  }
}

/** Reads NDJSON into a batch, as fast as it can be written. */
export async function uploadLines(
  body: AsyncIterable<BodyPiece>,
  { reader, upload, maxBytes }: { reader: LineReader; upload: BatchUpload; maxBytes: number },
): Promise<void> {
  const splitter = new LineSplitter(maxBytes);
  const writer = new LineWriter(upload);
  const take = async (raw: RawLine): Promise<void> => {
    refuseTooMany(raw.line);
    const line = await reader.read(raw);
    if (line) await writer.add(line);
  };
  for await (const { bytes, isMoreThere } of body) {
    for (const raw of splitter.push(bytes)) await take(raw);
    // A client that makes its lines as it goes does not wait for a chunk to fill.
    if (!isMoreThere) await writer.flush();
  }
  for (const raw of splitter.end()) await take(raw);
  await writer.flush();
}

/** Reads the elements of a JSON array into a batch; the first is line 1. */
export async function uploadArray(
  values: readonly unknown[],
  { reader, upload }: { reader: LineReader; upload: BatchUpload },
): Promise<void> {
  const writer = new LineWriter(upload);
  for (const [index, value] of values.entries()) {
    refuseTooMany(index + 1);
    await writer.add(await reader.readValue(index + 1, bytesOf(value), value));
  }
  await writer.flush();
}

/** What tells an element from another; nothing of one that is too deep to be written, and will be rejected. */
function bytesOf(value: unknown): Buffer {
  return isShallow(value, 2 * JSON_DEPTH_MAX) ? Buffer.from(JSON.stringify(value)) : Buffer.of();
}

function refuseTooMany(line: number): void {
  if (line <= BATCH_LINES_MAX) return;
  throw new ProblemError("batch_too_long", {
    detail: `A batch has at most ${BATCH_LINES_MAX} lines. Send the rest as another batch.`,
  });
}
