import { expect, test } from "vitest";
import { Rate } from "./rate.ts";

test("[cli.batch.rate] the rate is that of the last ten seconds, and the time left follows from it", () => {
  const rate = new Rate();
  expect(rate.perSecond).toBeNull();
  rate.add(0, 0);
  expect(rate.secondsFor(10)).toBeNull();
  rate.add(50, 1_000);
  expect(rate.perSecond).toBe(50);
  expect(rate.secondsFor(100)).toBe(2);
  for (let second = 2; second <= 30; second += 1) rate.add(50, second * 1_000);
  expect(rate.perSecond).toBe(0);
  expect(rate.secondsFor(100)).toBeNull();
});
