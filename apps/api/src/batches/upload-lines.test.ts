import type { BatchUpload, UploadLine } from "@millrace/job-store";
import { expect, test } from "vitest";
import type { LineReader } from "./read-line.ts";
import { uploadArray } from "./upload-lines.ts";

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
