import { BATCH_LINES_MAX } from "@millrace/contracts";
import type { BatchUpload, UploadLine } from "@millrace/job-store";
import { expect, test } from "vitest";
import type { LineReader } from "./read-line.ts";
import { uploadArray, uploadLines } from "./upload-lines.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const PREVIOUS = { messages: [], bytes: 600 * 1_024 };

/** The numbers of the lines of each chunk. */
async function chunksOf(count: number, previous?: typeof PREVIOUS): Promise<number[][]> {
  const chunks: number[][] = [];
  const upload: Pick<BatchUpload, "write"> = {
    write: (lines) => {
      if (lines.length > 0) chunks.push(lines.map(({ line }) => line));
      return Promise.resolve();
    },
  };
  const reader: Pick<LineReader, "readValue"> = {
    readValue: (line, content): Promise<UploadLine> => {
      const newJob = { tenant: "alice", request: { type: "chat", message: "hello" } as const, previous };
      return Promise.resolve({ line, content, job: { newJob, customId: null, concurrency: undefined } });
    },
  };
  const values = Array.from({ length: count }, () => ({}));
  await uploadArray(values, { reader: reader as LineReader, upload: upload as BatchUpload });
  return chunks;
}

test("[api.batch.chunk] what jobs go on with counts towards the size of what is written together", async () => {
  expect(await chunksOf(3)).toEqual([[1, 2, 3]]);
  expect(await chunksOf(3, PREVIOUS)).toEqual([[1], [2], [3]]);
});

const upload = { write: () => Promise.resolve() } as unknown as BatchUpload;

test("[api.batch.too_long] the element that is one too many ends the upload", async () => {
  const read: number[] = [];
  const readValue = (line: number) => {
    read.push(line);
    return Promise.resolve({ line, content: Buffer.of() });
  };
  const reader = { readValue } as unknown as LineReader;
  const last: [number, unknown][] = [
    [BATCH_LINES_MAX - 1, {}],
    [BATCH_LINES_MAX, {}],
  ];
  // Of a list that long only the end.
  const values = Object.assign([], { entries: () => last.values() });
  await expect(uploadArray(values, { reader, upload })).rejects.toMatchObject({ code: "batch_too_long" });
  expect(read).toEqual([BATCH_LINES_MAX]);
});

test.runIf(FULL)("[api.batch.too_long] so does the line, the empty ones counted", async () => {
  let read = 0;
  const take: LineReader["read"] = ({ line }) => {
    read = line;
    return Promise.resolve(null);
  };
  const reader = { read: take } as unknown as LineReader;
  const emptyLines = Buffer.alloc(BATCH_LINES_MAX / 1_000, "\n");
  async function* body() {
    for (let count = 0; count < 1_000; count += 1) yield { bytes: emptyLines, isMoreThere: true };
    yield { bytes: Buffer.from("\n"), isMoreThere: false };
  }
  const uploaded = uploadLines(body(), { reader, upload, maxBytes: 1_024 });
  await expect(uploaded).rejects.toMatchObject({ code: "batch_too_long" });
  expect(read).toBe(BATCH_LINES_MAX);
});
