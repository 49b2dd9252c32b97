import { expect, test } from "vitest";
import { MillraceConnectionError, MillraceError } from "./errors.ts";
import { FOLLOW_PATIENCE, REQUEST_PATIENCE, retryDelayMs } from "./retry-policy.ts";

const first = { attempt: 1, elapsedMs: 0, repeatable: true };
const lost = new MillraceConnectionError("http://api", new Error("connect ECONNREFUSED"));

function answer(status: number, retryAfter?: string): MillraceError {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return new MillraceError(new Response(null, { status, headers }), "http://api", "");
}

test("[client.retry.when] what may pass is sent again, and nothing else", () => {
  for (const error of [lost, answer(502), answer(503), answer(504), answer(429)]) {
    expect(retryDelayMs(error, first, REQUEST_PATIENCE), error.message).not.toBeNull();
  }
  for (const error of [
    answer(400),
    answer(401),
    answer(404),
    answer(409),
    answer(422),
    answer(500),
    new Error("bug"),
  ]) {
    expect(retryDelayMs(error, first, REQUEST_PATIENCE), error.message).toBeNull();
  }
});

test("[client.retry.when] what must not happen twice is sent again only when it was surely not done", () => {
  const once = { ...first, repeatable: false };
  expect(retryDelayMs(answer(429), once, REQUEST_PATIENCE)).not.toBeNull();
  for (const error of [lost, answer(502), answer(503)]) {
    expect(retryDelayMs(error, once, REQUEST_PATIENCE)).toBeNull();
  }
});

test("[client.retry.bounded] waits grow, are jittered, follow Retry-After and end", () => {
  const delay = (error: Error, change: object, patience = REQUEST_PATIENCE) =>
    retryDelayMs(error, { ...first, ...change }, patience) ?? NaN;
  for (const [attempt, longest] of [
    [1, 100],
    [2, 200],
    [5, 1_600],
  ] as const) {
    expect(delay(lost, { attempt })).toBeGreaterThanOrEqual(longest / 2);
    expect(delay(lost, { attempt })).toBeLessThanOrEqual(longest);
  }
  expect(delay(lost, { attempt: 40 }, FOLLOW_PATIENCE)).toBeLessThanOrEqual(5_000);
  expect(delay(answer(503, "2"), {})).toBeGreaterThanOrEqual(2_000);
  expect(retryDelayMs(lost, { ...first, attempt: 6 }, REQUEST_PATIENCE)).toBeNull();
  expect(retryDelayMs(answer(429, "61"), first, REQUEST_PATIENCE)).toBeNull();
  expect(retryDelayMs(lost, { ...first, elapsedMs: 300_000 }, FOLLOW_PATIENCE)).toBeNull();
});
