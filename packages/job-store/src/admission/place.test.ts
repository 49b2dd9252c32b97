import { expect, test } from "vitest";
import { queuePriority, RESUMED_PRIORITY } from "./place.ts";

test("[store.admission.place] the first places of each key interleave, and all behind are equal", () => {
  const places = Array.from({ length: 11 }, (_, place) => queuePriority(place));
  expect(places.toSorted((a, b) => a - b)).toEqual(places);
  expect(new Set(places).size).toBe(11);
  expect(queuePriority(10)).toBe(queuePriority(100));
  expect(queuePriority(0)).toBeGreaterThan(RESUMED_PRIORITY);
});
