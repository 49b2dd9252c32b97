import type { ScheduleTiming } from "@millrace/contracts";
import { CronExpressionParser, type CronExpression } from "cron-parser";
import { ZoneClock } from "./zone-clock.ts";

/** A schedule's times cannot be computed, or there are none. `field` is that of the request. */
export class InvalidTimingError extends Error {
  override name = "InvalidTimingError";
  readonly field = "cron";
}

const FORM = "Write minute, hour, day of month, month and day of week, such as `0 6 * * 1-5`";

const HOURS_OF_A_DAY = 24;

/** The most days that each month can have, from January on. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** @throws InvalidTimingError when it never fires, or says nothing that can be understood. */
export function checkTiming(timing: ScheduleTiming, now: number): void {
  if (!("cron" in timing)) return;
  const fields = timing.cron.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) {
    throw new InvalidTimingError(`has ${fields} fields instead of five, or six with seconds. ${FORM}.`);
  }
  // Its values would be another process' own choice.
  if (/\bH\b/.test(timing.cron)) throw new InvalidTimingError(`H is not known here. ${FORM}.`);
  const next = nextRun(timing, now);
  if (next === null)
    throw new InvalidTimingError("never fires: no year has such a day. Correct day or month.");
}

/**
 * The first time after `after`, both in milliseconds since 1970; null when there is none. In a time zone whose clock
 * changes, a time of day that is left out fires right after the gap, and one that comes twice fires once. What fires
 * in every hour fires whenever the clock shows its time, so it goes on evenly.
 * @throws InvalidTimingError when the cron expression cannot be understood.
 */
export function nextRun(timing: ScheduleTiming, after: number): number | null {
  if (!("cron" in timing)) {
    const { intervalMs, anchor } = timing;
    const passed = Math.max(0, Math.floor((after - anchor) / intervalMs));
    return anchor + (passed + 1) * intervalMs;
  }
  const expression = parseCron(timing.cron);
  if (expression === null || neverFires(expression)) return null;
  const clock = new ZoneClock(timing.timeZone);
  if (expression.fields.hour.values.length === HOURS_OF_A_DAY) return nextEvenRun(expression, clock, after);
  return nextTimeOfDay(expression, clock, after);
}

/** When the clock first shows, or leaves out, a time of the expression that it has not shown up to `after`. */
function nextTimeOfDay(expression: CronExpression, clock: ZoneClock, after: number): number {
  let reading = clock.latestReading(after);
  for (;;) {
    reading = readingFrom(expression, reading + 1);
    const found = clock.firstInstant(reading);
    // The queue runs what is past at once, and asks again: it must not get the past time again and again.
    if (found > after) return found;
  }
}

/** The first instant after `after` at which the clock shows a time of the expression. */
function nextEvenRun(expression: CronExpression, clock: ZoneClock, after: number): number {
  let from = after + 1;
  for (;;) {
    const offset = clock.offset(from);
    const found = readingFrom(expression, from + offset) - offset;
    const change = clock.nextChange(from, found);
    if (change === null) return found;
    from = change;
  }
}

/** The first reading of a clock, from this one on, that the expression names. */
function readingFrom(expression: CronExpression, reading: number): number {
  expression.reset(new Date(reading - 1));
  return expression.next().getTime();
}

/**
 * Null when no month has a day that it names. The expression walks over the readings of a clock that never changes; the
 * parser's own way through time zones loses times, or finds past ones, at many of their changes.
 */
function parseCron(cron: string): CronExpression | null {
  try {
    return CronExpressionParser.parse(cron, { tz: "UTC" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.includes("explicit day of month")) return null;
    throw new InvalidTimingError(`cannot be understood: ${reason}. ${FORM}.`);
  }
}

/** The parser would look for such a day for a long time. */
function neverFires({ fields }: CronExpression): boolean {
  const { dayOfMonth, dayOfWeek, month } = fields;
  if (!dayOfWeek.isWildcard || dayOfMonth.isWildcard) return false;
  const days = dayOfMonth.values.filter((day): day is (typeof dayOfMonth.values)[number] & number =>
    Number.isInteger(day),
  );
  if (days.length < dayOfMonth.values.length) return false;
  const first = Math.min(...days);
  return month.values.every((number) => first > (MONTH_DAYS[number - 1] ?? 31));
}
