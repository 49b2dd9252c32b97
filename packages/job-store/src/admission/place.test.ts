import { expect, test } from "vitest";
import { queuePriority, RESUMED_PRIORITY } from "./place.ts";

test("[store.admission.place] the first places of each key interleave, and all behind are equal", () => {
  const of = (place: number): number => queuePriority(5, place);
  expect([of(0), of(1), of(9)].toSorted((a, b) => a - b)).toEqual([of(0), of(1), of(9)]);
  expect(of(0)).toBeLessThan(of(1));
  expect(of(9)).toBeLessThan(of(10));
  expect(of(10)).toBe(of(100));
  expect(queuePriority(0, 50)).toBe(queuePriority(10, 50));
  expect(queuePriority(10, 9)).toBeLessThan(of(10));
  expect(queuePriority(0, 0)).toBeGreaterThan(RESUMED_PRIORITY);
});

test("[store.admission.place.priority] among the first places a job's own priority counts", () => {
  expect(queuePriority(0, 3)).toBeLessThan(queuePriority(5, 3));
  expect(queuePriority(0, 9)).toBeLessThan(queuePriority(5, 0));
});
