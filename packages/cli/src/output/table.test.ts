import { expect, test } from "vitest";
import { lengthOf } from "./printable.ts";
import { formatTable } from "./table.ts";

const header = ["ID", "WHAT"];
const rows = [
  ["job_1", "reads a long file\nof many lines"],
  ["job_22", "\u001b[31mred\u0007"],
];

test("[cli.table] a table has one line for each row, and nothing that a terminal would obey", () => {
  expect(formatTable(header, rows, Infinity)).toEqual([
    "ID      WHAT",
    "job_1   reads a long file of many lines",
    "job_22  [31mred",
  ]);
});

test("[cli.table] a table fits the terminal: its widest column is cut", () => {
  for (const width of [24, 30]) {
    const lines = formatTable(header, rows, width);
    expect(Math.max(...lines.map((line) => lengthOf(line)))).toBe(width);
    expect(lines[1]).toMatch(/^job_1 {3}reads a.*…$/);
  }
});

test("[cli.table] the first column, by which a row is named, is never cut", () => {
  const names = [["a".repeat(32), "a long text of many words"]];
  for (const width of [20, 50]) {
    expect(formatTable(header, names, width)[1]).toMatch(/^a{32} {2}a long t.*…$/);
  }
});
