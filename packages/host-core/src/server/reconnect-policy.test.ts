import { expect, test } from "vitest";
import { afterFailedAttempt, afterLife, delayBeforeAttempt, FIRST_ATTEMPT } from "./reconnect-policy.ts";

const ALMOST_ONE = 1 - Number.EPSILON;

function afterFailures(count: number) {
  let history = FIRST_ATTEMPT;
  for (let failure = 0; failure < count; failure += 1) history = afterFailedAttempt(history);
  return history;
}

test("[host.reconnect.backoff] the wait is anything up to a ceiling that doubles from 0.25 s to 30 s and stays there", () => {
  const ceilings = [0, 1, 2, 3, 7, 8, 10_000].map((count) =>
    Math.round(delayBeforeAttempt(afterFailures(count), ALMOST_ONE)),
  );
  expect(ceilings).toEqual([250, 500, 1_000, 2_000, 30_000, 30_000, 30_000]);
  expect(delayBeforeAttempt(afterFailures(5), 0)).toBe(0);
});

test("[host.reconnect.breaker] after five short lives in a row one probe is made about every minute, until one lives", () => {
  let history = FIRST_ATTEMPT;
  for (let life = 1; life <= 5; life += 1) {
    expect(delayBeforeAttempt(history, 0)).toBe(0);
    history = afterLife(history, 9_999);
  }
  expect(delayBeforeAttempt(history, 0)).toBe(45_000);
  expect(delayBeforeAttempt(history, ALMOST_ONE)).toBeCloseTo(75_000);
  expect(delayBeforeAttempt(afterFailedAttempt(history), 0)).toBe(45_000);
  expect(delayBeforeAttempt(afterLife(history, 10), 0)).toBe(45_000);
  expect(delayBeforeAttempt(afterLife(history, 10_000), ALMOST_ONE)).toBeCloseTo(250);
});
