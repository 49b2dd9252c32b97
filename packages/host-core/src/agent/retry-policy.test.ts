import { expect, test } from "vitest";
import { ModelError, type ModelRetry } from "../model/model.ts";
import { ATTEMPTS_MAX, backoffMs, decideRetry } from "./retry-policy.ts";

const fault = (retry: ModelRetry, retryAfterMs: number | null = null) =>
  new ModelError(retry === "never" ? "provider_auth" : "provider_unavailable", "It says no.", {
    retry,
    retryAfterMs,
  });

const backOff = (backoffs: number) => decideRetry(fault("backoff"), { backoffs, total: backoffs }, 0.5);

const coolDown = (retryAfterMs: number | null, total: number) =>
  decideRetry(fault("cool_down", retryAfterMs), { backoffs: 0, total }, 0.5);

const ALMOST_ONE = 1 - Number.EPSILON;

test("[agent.retry.backoff] the backoff doubles from half a second to half a minute, with full jitter", () => {
  const longest = Array.from({ length: 9 }, (_unused, index) => backoffMs(index + 1, ALMOST_ONE));
  expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(backoffMs(5, 0)).toBe(0);
  expect(backoffMs(5, 0.5)).toBe(4_000);
});

test("[agent.retry.never] a fault that no retry mends fails the job with its code", () => {
  expect(decideRetry(fault("never"), { backoffs: 0, total: 1 }, 0.5)).toEqual({
    action: "fail",
    error: { code: "provider_auth", message: "It says no.", retryable: false },
  });
});

test("[agent.retry.backoff] the tenth failed attempt in a row is the last", () => {
  expect(backOff(1)).toEqual({ action: "wait", forMs: 250 });
  expect(backOff(ATTEMPTS_MAX - 1)).toEqual({ action: "wait", forMs: 15_000 });
  expect(backOff(ATTEMPTS_MAX)).toEqual({
    action: "fail",
    error: {
      code: "provider_unavailable",
      message: "The model failed 10 times in a row. The last time: It says no.",
      retryable: true,
    },
  });
});

test("[agent.retry.cool_down] a cool-down lasts as the provider says, else as a backoff, and never fails a job by itself", () => {
  expect(coolDown(7_000, 1)).toEqual({ action: "cool_down", forMs: 7_000 });
  expect(coolDown(null, 4)).toEqual({ action: "cool_down", forMs: 2_000 });
  expect(coolDown(null, 1)).toEqual({ action: "cool_down", forMs: 500 });
  expect(coolDown(0, 1)).toEqual({ action: "cool_down", forMs: 500 });
  expect(coolDown(1_000, 500)).toEqual({ action: "cool_down", forMs: 1_000 });
});
