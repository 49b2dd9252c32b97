import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function split(text: Buffer, size: number, maxBytes: number): (string | null)[] {
  const splitter = new LineSplitter(maxBytes);
  const lines: (string | null)[] = [];
  const take = (found: Iterable<{ line: number; bytes: Buffer | null }>): void => {
    for (const { line, bytes } of found) {
      lines.push(bytes?.toString("utf8") ?? null);
      expect(line).toBe(lines.length);
    }
  };
  for (let start = 0; start < text.length; start += size)
    take(splitter.push(text.subarray(start, start + size)));
  take(splitter.end());
  return lines;
}

test("[api.batch.split] lines are the same however the bytes arrive, and one that is too long costs only itself", () => {
  const text = Buffer.from("a\n\nlönger\r\n0123456789x\nc\n\nlast");
  const expected = ["a", "", "lönger\r", null, "c", "", "last"];
  for (const size of [1, 2, 3, 7, 1_000]) expect(split(text, size, 10)).toEqual(expected);
  expect(split(Buffer.from(""), 1, 10)).toEqual([]);
  expect(split(Buffer.from("\n"), 1, 10)).toEqual([""]);
  expect(split(Buffer.from("0123456789"), 3, 10)).toEqual(["0123456789"]);
  expect(split(Buffer.from("0123456789x"), 3, 10)).toEqual([null]);
});
