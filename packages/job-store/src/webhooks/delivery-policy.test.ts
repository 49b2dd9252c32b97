import { describe, expect, test } from "vitest";
import { nextStep } from "./delivery-policy.ts";

const first = { attempts: 1, elapsedMs: 0, random: 0.999 };

describe("[webhook.policy] after an attempt", () => {
  test.each([200, 202, 204, 299])("[webhook.policy] %i is delivered", (statusCode) => {
    expect(nextStep({ ...first, statusCode })).toEqual({ status: "delivered" });
  });

  test("[webhook.policy] 410 is never asked again", () => {
    expect(nextStep({ ...first, statusCode: 410 })).toEqual({ status: "gone" });
  });

  test.each([null, 100, 301, 400, 401, 404, 429, 500, 503])(
    "[webhook.policy] %s is tried again",
    (statusCode) => {
      expect(nextStep({ ...first, statusCode })).toMatchObject({ status: "pending" });
    },
  );

  test("[webhook.policy] waits begin at 5 s, double up to an hour, differ, and end after a day", () => {
    const delays: number[] = [];
    let elapsedMs = 0;
    for (;;) {
      const attempts = delays.length + 1;
      const step = nextStep({ statusCode: 500, attempts, elapsedMs, random: 0.999_999_999 });
      if (step.status !== "pending") {
        expect(step.status).toBe("failed");
        break;
      }
      delays.push(step.delayMs);
      elapsedMs += step.delayMs;
    }
    expect(delays.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(Math.max(...delays)).toBe(3_600_000);
    expect(delays).toHaveLength(32);
    expect(elapsedMs).toBeLessThanOrEqual(86_400_000);
    expect(nextStep({ ...first, statusCode: 500, random: 0 })).toEqual({ status: "pending", delayMs: 3_750 });
  });
});
