import { expect, test, vi } from "vitest";
import { judgeSize } from "./result-size.ts";

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

test.each([
  [{ text: "x".repeat(5_000) }],
  [{ text: "\u0001".repeat(5_000) }],
  [{ text: "größe 語 🌍".repeat(500) }],
  [{ numbers: Array.from({ length: 2_000 }, () => -1.2345678901234567e300) }],
  [Object.fromEntries(Array.from({ length: 2_000 }, (_none, index) => [`key "${index}"`, null]))],
])("[host.result.size] a limit is exact to the byte, whatever the value is made of", (value) => {
  const bytes = bytesOf(value);
  expect(judgeSize(value, bytes)).toEqual({ is: "fine" });
  expect(judgeSize(value, bytes - 1)).toEqual({ is: "too_large", bytes });
});

test("[host.result.size] a value far below the limit is not serialised for its size", () => {
  const stringify = vi.spyOn(JSON, "stringify");
  expect(judgeSize({ text: "x".repeat(1_000_000) }, 8_388_608)).toEqual({ is: "fine" });
  expect(stringify).not.toHaveBeenCalled();
  stringify.mockRestore();
});

test("[host.result.size] a value that nests too deep for serialisers is found without recursion", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
  expect(judgeSize(deep, 8_388_608)).toEqual({ is: "too_deep" });
});
