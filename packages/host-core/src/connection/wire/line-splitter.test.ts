import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function splitter(maxBytes: number) {
  const lines: string[] = [];
  const tooLong: string[] = [];
  const split = new LineSplitter({
    maxBytes,
    onLine: (line) => lines.push(line),
    onTooLong: (line) => tooLong.push(line),
  });
  return { split, lines, tooLong };
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
