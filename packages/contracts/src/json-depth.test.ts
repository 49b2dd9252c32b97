import { expect, test } from "vitest";
import { countValues, hasAtMostValues, isShallow } from "./json-depth.ts";

test("[contract.values.count] values are counted at every level, also very many of one, up to the limit", () => {
  expect(countValues("text", 10)).toBe(1);
  expect(countValues({ a: [1, { b: null }], c: {} }, 10)).toBe(6);
  expect(countValues([[1, 2, 3]], 3)).toBe(4);
  const wide = Array.from({ length: 500_000 }, () => 0);
  expect(countValues(wide, 1_000_000)).toBe(500_001);
});

test("[contract.values.bounds] a value may have just as many levels and values as are allowed", () => {
  const value = { a: [1] };
  expect([1, 2].map((levels) => isShallow(value, levels))).toEqual([false, true]);
  expect([2, 3].map((max) => hasAtMostValues(value, max))).toEqual([false, true]);
});
