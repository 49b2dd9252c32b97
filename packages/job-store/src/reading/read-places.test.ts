import { expect, test } from "vitest";
import { StoreUnavailableError } from "../redis/unavailable.ts";
import { ReadPlaces } from "./read-places.ts";

/** Two reads for one place: the first is under way, the second waits. */
function twoReads() {
  const places = new ReadPlaces(1);
  const first = Promise.withResolvers<string>();
  let hasBegun = false;
  const reads = [
    places.run(() => first.promise),
    places.run(async () => {
      hasBegun = true;
      return "second";
    }),
  ];
  return { places, first, settled: Promise.allSettled(reads), hasBegun: () => hasBegun };
}

test("[store.reads.places] a read that waits begins when another has ended, also when that one failed", async () => {
  for (const failure of [null, new Error("a bug")]) {
    const { places, first, settled, hasBegun } = twoReads();
    expect(hasBegun()).toBe(false);
    if (failure) first.reject(failure);
    else first.resolve("first");
    expect((await settled)[1]).toEqual({ status: "fulfilled", value: "second" });
    expect(await places.run(async () => "third")).toBe("third");
  }
});

test("[store.reads.refused] reads that wait are refused with one that Redis does not answer", async () => {
  const { places, first, settled, hasBegun } = twoReads();
  const error = new StoreUnavailableError("no answer in time");
  first.reject(error);
  const refused = { status: "rejected", reason: error };
  expect(await settled).toEqual([refused, refused]);
  expect(hasBegun()).toBe(false);
  expect(await places.run(async () => "third")).toBe("third");
});
