import { hash } from "node:crypto";
import type { BatchRejection } from "@millrace/contracts";
import type { NewJob } from "../submission/submission.ts";
import { HASH_LENGTH } from "./batch-lines.ts";

/** A line of an upload that is not empty: what it says, and either its job or why it makes none. */
export interface UploadLine {
  /** Counted from 1. */
  line: number;
  content: Uint8Array;
  /** `concurrency`: how many of the batch's jobs of its kind are under way at a time at most. */
  job?: { newJob: NewJob; customId: string | null; concurrency: number | undefined };
  rejection?: BatchRejection;
}

const EMPTY = Buffer.alloc(0);

/** Lines as the script takes them: a mark and a hash for each number from the first to the last. */
export function packLines(lines: readonly UploadLine[]): { first: number; marks: string; hashes: Buffer } {
  const first = lines[0]?.line ?? 1;
  const last = lines.at(-1)?.line;
  if (last === undefined) return { first, marks: "", hashes: EMPTY };
  const marks: string[] = Array.from({ length: last - first + 1 }, () => "-");
  const hashes = Buffer.alloc(marks.length * HASH_LENGTH);
  for (const { line, content, job } of lines) {
    marks[line - first] = job ? "a" : "r";
    hashes.set(hash("sha1", content, "buffer").subarray(0, HASH_LENGTH), (line - first) * HASH_LENGTH);
  }
  return { first, marks: marks.join(""), hashes };
}
