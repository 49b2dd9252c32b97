import type { ScheduleTiming } from "@millrace/contracts";
import { describe, expect, test } from "vitest";
import { checkTiming, nextRun } from "./next-run.ts";

/** The next so many times after an instant, each computed from the one before, as the queue does it. */
function runs(timing: ScheduleTiming, after: string, count: number): string[] {
  const found: string[] = [];
  let now = Date.parse(after);
  while (found.length < count) {
    now = nextRun(timing, now) ?? Number.NaN;
    found.push(new Date(now).toISOString().slice(0, 16));
  }
  return found;
}

const berlin = (cron: string): ScheduleTiming => ({ cron, timeZone: "Europe/Berlin" });
const NOW = Date.parse("2026-11-22T00:00:00Z");

describe("[schedule.clock_change] a clock change", () => {
  test("[schedule.clock_change] a daily time keeps its hour of the day before and after", () => {
    expect(runs(berlin("0 6 * * *"), "2026-03-27T12:00:00Z", 3)).toEqual([
      "2026-03-28T05:00",
      "2026-03-29T04:00",
      "2026-03-30T04:00",
    ]);
    expect(runs(berlin("0 6 * * *"), "2026-10-23T12:00:00Z", 3)).toEqual([
      "2026-10-24T04:00",
      "2026-10-25T05:00",
      "2026-10-26T05:00",
    ]);
  });

  test("[schedule.clock_change] a time that the day leaves out fires right after the gap, once", () => {
    expect(runs(berlin("30 2 * * *"), "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:00",
      "2026-03-30T00:30",
    ]);
  });

  test.each([
    ["0 0 * * *", "Africa/Cairo", "2025-04-24T21:59Z", "2025-04-24T22:00"],
    ["0 0 25 * *", "Africa/Cairo", "2025-04-24T21:59Z", "2025-04-24T22:00"],
    ["0 0 7 9 *", "America/Santiago", "2025-01-01T00:00Z", "2025-09-07T04:00"],
    ["30 0 9 3 *", "America/Havana", "2025-01-01T00:00Z", "2025-03-09T05:00"],
    ["0 3 6 4 *", "Australia/Lord_Howe", "2025-04-01T00:00Z", "2025-04-05T16:30"],
    ["*/15 * * * *", "Pacific/Chatham", "2025-04-05T13:07Z", "2025-04-05T13:15"],
  ])("[schedule.clock_change] %s in %s after %s fires at %s", (cron, timeZone, after, run) => {
    expect(runs({ cron, timeZone }, after, 1)).toEqual([run]);
  });

  test("[schedule.clock_change] a time that the day has twice fires once", () => {
    expect(runs(berlin("30 2 * * *"), "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30",
      "2026-10-26T01:30",
    ]);
  });

  test("[schedule.clock_change] every half hour stays every half hour", () => {
    for (const [after, first] of [
      ["2026-03-29T00:10:00Z", "2026-03-29T00:30"],
      ["2026-10-25T00:10:00Z", "2026-10-25T00:30"],
    ] as const) {
      const times = runs(berlin("*/30 * * * *"), after, 6).map((time) => Date.parse(`${time}Z`));
      expect(times[0]).toBe(Date.parse(`${first}Z`));
      expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(
        Array.from({ length: 5 }, () => 1_800_000),
      );
    }
  });
});

test("[schedule.interval] an interval keeps to its anchor, whenever it is asked", () => {
  const timing = { intervalMs: 60_000, anchor: NOW };
  expect(nextRun(timing, NOW)).toBe(NOW + 60_000);
  expect(nextRun(timing, NOW + 59_999)).toBe(NOW + 60_000);
  expect(nextRun(timing, NOW + 60_000)).toBe(NOW + 120_000);
  expect(nextRun(timing, NOW + 3_601_000)).toBe(NOW + 3_660_000);
  expect(nextRun(timing, NOW - 5_000)).toBe(NOW + 60_000);
});

test("[schedule.cron.leap_day] 29 February fires in leap years", () => {
  expect(runs({ cron: "0 0 29 2 *", timeZone: "UTC" }, "2026-11-22T00:00:00Z", 2)).toEqual([
    "2028-02-29T00:00",
    "2032-02-29T00:00",
  ]);
});

test.each([
  ["0 0 30 2 *", /never fires/],
  ["0 0 31 2,4,6 *", /never fires/],
  ["0 0 0 31 11 *", /never fires/],
  ["60 * * * *", /0-59/],
  ["every day", /2 fields/],
  ["* * * * * * *", /7 fields/],
  ["@daily", /1 fields/],
  ["a b c d e", /cannot be understood/],
  ["H H * * *", /H is not known/],
])("[schedule.cron.invalid] %s is refused with its reason", (cron, reason) => {
  expect(() => checkTiming({ cron, timeZone: "UTC" }, NOW)).toThrow(reason);
});

test.each(["0 6 * * 1-5", "*/10 * * * * *", "0 0 L * *", "0 0 30 2 1", "0 0 * * 1#2", "0 0 1 JAN *"])(
  "[schedule.cron.invalid] %s is fine",
  (cron) => {
    checkTiming({ cron, timeZone: "UTC" }, NOW);
    expect(nextRun({ cron, timeZone: "UTC" }, NOW)).toBeGreaterThan(NOW);
  },
);
