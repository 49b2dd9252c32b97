import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createPacedStarts } from "./paced-starts.ts";

test("[model.starts.paced] many that start at once take turns of the event loop, in their order", async () => {
  const mayStart = createPacedStarts();
  const started: number[] = [];
  const all = Array.from({ length: 10 }, async (_, place) => {
    await mayStart();
    started.push(place);
  });
  const counts: number[] = [];
  while (started.length < 10) {
    await setImmediate();
    counts.push(started.length);
  }
  await Promise.all(all);
  expect(counts).toEqual([4, 8, 10]);
  expect(started).toEqual(started.toSorted((one, other) => one - other));
  await mayStart();
});
