const DAY_MS = 86_400_000;

/** No clock is changed twice in so short a time. */
const STEP_MS = 7 * DAY_MS;

/**
 * The clock on the wall in a time zone. Instants are milliseconds since 1970. So are readings: what the clock shows is
 * written as the instant at which it shows this in UTC.
 */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** How far the clock is ahead of UTC at an instant, in milliseconds. */
  offset(instant: number): number {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) parts[type] = Number(value);
    const { year = 0, month = 1, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1_000) * 1_000;
  }

  /** When the clock is first put forward or back after `from` and until `until`, if it is. */
  nextChange(from: number, until: number): number | null {
    for (let start = from; start < until; start += STEP_MS) {
      const end = Math.min(start + STEP_MS, until);
      if (this.offset(start) !== this.offset(end)) return this.#changeBetween(start, end);
    }
    return null;
  }

  /** The latest that the clock has shown so far: it shows less for a while after it was put back. */
  latestReading(instant: number): number {
    const reading = instant + this.offset(instant);
    const change = this.nextChange(instant - DAY_MS, instant);
    return change === null ? reading : Math.max(reading, change - 1 + this.offset(change - 1));
  }

  /** The first instant at which the clock shows this or more: of a reading that is left out, the end of the gap. */
  firstInstant(reading: number): number {
    const before = reading - DAY_MS;
    const change = this.nextChange(before, reading + DAY_MS);
    const unchanged = reading - this.offset(before);
    if (change === null || unchanged < change) return unchanged;
    return Math.max(change, reading - this.offset(change));
  }

  #changeBetween(start: number, end: number): number {
    const offset = this.offset(start);
    let [before, after] = [start, end];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.offset(middle) === offset) before = middle;
      else after = middle;
    }
    return after;
  }
}
