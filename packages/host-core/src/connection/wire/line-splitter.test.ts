import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function splitter(maxBytes: number) {
  const lines: string[] = [];
  const tooLong: string[] = [];
  const skipped: string[] = [];
  const split = new LineSplitter({
    maxBytes,
    onLine: (line) => lines.push(line),
    onTooLong: (line) => tooLong.push(line),
    onSkipped: (end) => skipped.push(end),
  });
  return { split, lines, tooLong, skipped };
}

test("[host.stdio.lines] lines come whole, however the bytes were cut", () => {
  const { split, lines } = splitter(100);
  for (const byte of Buffer.from("añb\r\n\nlast")) split.push(Buffer.from([byte]));
  expect(lines).toEqual(["añb", ""]);
  split.end();
  expect(lines).toEqual(["añb", "", "last"]);
});

test("[host.stdio.lines] a line that is too long is told of once, and the next one is read", () => {
  const { split, lines, tooLong } = splitter(4);
  split.push(Buffer.from("12"));
  split.push(Buffer.from("3456"));
  split.push(Buffer.from("78\nnext\n"));
  expect(tooLong).toEqual(["1234"]);
  expect(lines).toEqual(["next"]);
});

test("[host.stdio.too_long] of a line that is skipped its beginning and its end are told, however it was cut", () => {
  const { split, lines, tooLong, skipped } = splitter(10_000);
  const line = `first${"x".repeat(10_000)}${"y".repeat(508)}last`;
  for (const size of [1, 97, 100_000]) {
    const bytes = Buffer.from(`${line}\nnext\n`);
    for (let at = 0; at < bytes.length; at += size) split.push(bytes.subarray(at, at + size));
  }
  expect(lines).toEqual(["next", "next", "next"]);
  for (const beginning of tooLong) expect(beginning).toBe(line.slice(0, 8_192));
  expect(skipped).toEqual(Array(3).fill(line.slice(-512)));
});
