import { expect, test } from "vitest";
import type { JobRequest } from "@millrace/contracts";
import { nextAttemptMs } from "./attempts.ts";

const REQUEST: JobRequest = { type: "chat", message: "hello" };
const FAILED = {
  status: "failed",
  error: { code: "timeout", message: "", retryable: true },
  result: null,
} as const;

test("[store.attempts.backoff] waits longer each time, with jitter, or always the same", () => {
  const many = { ...REQUEST, attempts: 100 };
  const delays = (request: JobRequest, random: number) =>
    [1, 2, 3, 40].map((tries) => nextAttemptMs(request, FAILED, tries, random));
  expect(delays(many, 0)).toEqual([500, 1_000, 2_000, 43_200_000]);
  expect(delays(many, 0.5)).toEqual([750, 1_500, 3_000, 64_800_000]);
  expect(delays({ ...many, backoff: { type: "fixed", delay_ms: 70 } }, 0.5)).toEqual([70, 70, 70, 70]);
});

test("[store.attempts.backoff] ends when no attempt is left, and with what another attempt would not mend", () => {
  expect(nextAttemptMs(REQUEST, FAILED, 1, 0)).toBeNull();
  expect(nextAttemptMs({ ...REQUEST, attempts: 2 }, FAILED, 1, 0)).toBe(500);
  expect(nextAttemptMs({ ...REQUEST, attempts: 2 }, FAILED, 2, 0)).toBeNull();
  const permanent = { ...FAILED, error: { ...FAILED.error, retryable: false } };
  expect(nextAttemptMs({ ...REQUEST, attempts: 2 }, permanent, 1, 0)).toBeNull();
});
