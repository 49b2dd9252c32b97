import type { ScheduleTiming } from "@millrace/contracts";
import { CronExpressionParser, type CronExpression } from "cron-parser";

/** A schedule's times cannot be computed, or there are none. `field` is that of the request. */
export class InvalidTimingError extends Error {
  override name = "InvalidTimingError";
  readonly field = "cron";
}

const FORM = "Write minute, hour, day of month, month and day of week, such as `0 6 * * 1-5`";

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
 * changes, a time of day that is left out fires right after the gap, and one that comes twice fires once.
 * @throws InvalidTimingError when the cron expression cannot be understood.
 */
export function nextRun(timing: ScheduleTiming, after: number): number | null {
  if (!("cron" in timing)) {
    const { intervalMs, anchor } = timing;
    const passed = Math.max(0, Math.floor((after - anchor) / intervalMs));
    return anchor + (passed + 1) * intervalMs;
  }
  const expression = parseCron(timing, after);
  if (expression === null || neverFires(expression)) return null;
  return expression.next().getTime();
}

/** Null when no month has a day that it names. */
function parseCron({ cron, timeZone }: { cron: string; timeZone: string }, after: number) {
  try {
    return CronExpressionParser.parse(cron, { currentDate: new Date(after), tz: timeZone });
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
