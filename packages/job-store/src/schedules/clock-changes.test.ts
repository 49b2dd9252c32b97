import { describe, expect, test } from "vitest";
import { nextRun } from "./next-run.ts";

const GRID_MS = 15 * 60_000;
const HOUR_MS = 60 * 60_000;
const SOON_MS = 5 * 60_000;

const EVERY_HOUR = Array.from({ length: 24 }, (_, hour) => hour);

/** Zones with their changes of 2025: by an hour, two or half of one; at midnight and across it, at :45, and in Ramadan. */
const CHANGES: [timeZone: string, ...instants: string[]][] = [
  ["Europe/Berlin", "2025-03-30T01:00Z", "2025-10-26T01:00Z"],
  ["America/New_York", "2025-03-09T07:00Z", "2025-11-02T06:00Z"],
  ["Africa/Cairo", "2025-04-24T22:00Z", "2025-10-30T21:00Z"],
  ["America/Santiago", "2025-04-06T03:00Z", "2025-09-07T04:00Z"],
  ["America/Havana", "2025-03-09T05:00Z", "2025-11-02T05:00Z"],
  ["America/Nuuk", "2025-03-30T01:00Z", "2025-10-26T01:00Z"],
  ["Australia/Lord_Howe", "2025-04-05T15:00Z", "2025-10-04T15:30Z"],
  ["Pacific/Chatham", "2025-04-05T14:00Z", "2025-09-27T14:00Z"],
  ["Antarctica/Troll", "2025-03-30T01:00Z", "2025-10-26T01:00Z"],
  ["Africa/Casablanca", "2025-02-23T02:00Z", "2025-04-06T02:00Z"],
];

type ReadingOf = (instant: number) => number;

/** What the zone's clock shows, as the instant at which UTC's shows it. */
function readingsOf(timeZone: string): ReadingOf {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  const known = new Map<number, number>();
  return (instant) => {
    const reading = known.get(instant) ?? Date.parse(`${format.format(instant).replace(" ", "T")}Z`);
    known.set(instant, reading);
    return reading;
  };
}

interface Times {
  minutes: number[];
  hours: number[];
}

const names = ({ minutes, hours }: Times, reading: number): boolean =>
  minutes.includes(new Date(reading).getUTCMinutes()) && hours.includes(new Date(reading).getUTCHours());

/** The runs after `start` and up to `end`, found by looking at the clock every quarter of an hour. */
function expectedRuns(readingOf: ReadingOf, times: Times, start: number, end: number): number[] {
  const runs: number[] = [];
  let latest = readingOf(start);
  for (let instant = start + GRID_MS; instant <= end; instant += GRID_MS) {
    const shown = readingOf(instant);
    let due = times.hours.length === EVERY_HOUR.length && names(times, shown);
    for (; latest < shown; latest += GRID_MS) {
      due ||= times.hours.length < EVERY_HOUR.length && names(times, latest + GRID_MS);
    }
    if (due) runs.push(instant);
  }
  return runs;
}

interface Zone {
  timeZone: string;
  readingOf: ReadingOf;
}

/** Walks from run to run through the times around a change, and looks from right before it and soon after it. */
function checkRuns({ timeZone, readingOf }: Zone, times: Times, change: number, aroundMs: number): void {
  const cron = `${times.minutes.join()} ${times.hours.join()} * * *`;
  const [start, end] = [change - aroundMs, change + aroundMs];
  const expected = expectedRuns(readingOf, times, start, end);
  for (const after of [start, ...expected, change - 1, change + SOON_MS]) {
    const run = expected.find((instant) => instant > after);
    const found = nextRun({ cron, timeZone }, after) ?? Number.NaN;
    expect(found > end ? undefined : found, `${cron} after ${new Date(after).toISOString()}`).toBe(run);
  }
}

describe.each(CHANGES)("[schedule.clock_change.zones] %s", (timeZone, ...instants) => {
  const changes = instants.map((instant) => Date.parse(instant));
  const readingOf = readingsOf(timeZone);
  const zone = { timeZone, readingOf };

  test("[schedule.clock_change.zones] times of day have one run each, after a gap if need be", () => {
    for (const times of [
      { minutes: [0], hours: [0] },
      { minutes: [15], hours: [2] },
      { minutes: [30, 45], hours: [0, 1, 3, 23] },
    ]) {
      for (const change of changes) checkRuns(zone, times, change, 26 * HOUR_MS);
    }
  });

  test("[schedule.clock_change.zones] what fires in every hour goes on evenly", () => {
    for (const minutes of [[0], [15, 45]]) {
      for (const change of changes) {
        checkRuns(zone, { minutes, hours: EVERY_HOUR }, change, 2 * HOUR_MS);
      }
    }
  });

  test("[schedule.clock_change.zones] a day of the month has one run in each month, whenever it is asked for", () => {
    const timing = { cron: "30 1 15 * *", timeZone };
    let after = Date.parse("2024-12-20T12:00Z");
    for (let month = 0; month < 12; month += 1) {
      const run = nextRun(timing, after) ?? Number.NaN;
      expect(readingOf(run)).toBe(Date.UTC(2025, month, 15, 1, 30));
      expect(nextRun(timing, run - 1)).toBe(run);
      after = run;
    }
  });
});
