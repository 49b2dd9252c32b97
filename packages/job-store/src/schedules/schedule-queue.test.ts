import { expect, test } from "vitest";
import type { Logger } from "../logger.ts";
import { scheduleSettings } from "./schedule-queue.ts";

test("[schedule.not_computed] a time that cannot be computed is an error in the log, and the tick is tried again", () => {
  const errors: object[] = [];
  const silent = (): void => undefined;
  const logger: Logger = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (fields) => errors.push(fields),
  };
  const { repeatStrategy } = scheduleSettings(logger);
  // A zone that the api knew, and this process does not.
  const pattern = JSON.stringify({ cron: "0 6 * * *", timeZone: "Mars/Olympus" });
  expect(() => repeatStrategy(Date.now(), { pattern })).toThrow(RangeError);
  expect(errors).toEqual([{ timing: pattern, reason: expect.stringContaining("Mars/Olympus") }]);
});
