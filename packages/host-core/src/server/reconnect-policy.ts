/** The first wait is up to this long; each further failure doubles it. */
const BASE_MS = 250;
const CAP_MS = 30_000;
/** A connection that dies sooner has proven nothing. */
const SHORT_LIFE_MS = 10_000;
/** After this many short lives in a row, connecting is no sign of health any more. */
const SHORT_LIVES_MAX = 5;
/** About once a minute, spread by a quarter to either side so that many workers do not knock together. */
const PROBE_MS = 60_000;
const PROBE_SPREAD = 0.25;

/** What a connection has been through since it last lived for long. A value: every step makes a new one. */
export interface ReconnectHistory {
  /** Attempts that failed and lives that were short, in a row. */
  readonly failures: number;
  readonly shortLives: number;
}

export const FIRST_ATTEMPT: ReconnectHistory = { failures: 0, shortLives: 0 };

export function afterFailedAttempt({ failures, shortLives }: ReconnectHistory): ReconnectHistory {
  return { failures: failures + 1, shortLives };
}

export function afterLife({ failures, shortLives }: ReconnectHistory, livedMs: number): ReconnectHistory {
  if (livedMs >= SHORT_LIFE_MS) return FIRST_ATTEMPT;
  return { failures: failures + 1, shortLives: shortLives + 1 };
}

/**
 * Milliseconds until the next attempt. It never gives up, and never storms:
 *
 * - Exponential backoff with full jitter: anything up to 0.25 s, 0.5 s, 1 s … 30 s.
 * - A breaker for servers that connect and die: after five lives under 10 s one probe about every 60 s, until one
 *   lives. Failed attempts between them neither open nor close it.
 *
 * `random` is in [0, 1).
 */
export function delayBeforeAttempt(history: ReconnectHistory, random: number): number {
  if (history.shortLives >= SHORT_LIVES_MAX) return probeDelay(random);
  // The exponent is bounded: 2 ** 1,024 is no number of milliseconds.
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(history.failures, 16));
  return random * ceiling;
}

/** The wait between attempts that only a person, or a lot of time, will make succeed. */
export function probeDelay(random: number): number {
  return PROBE_MS * (1 - PROBE_SPREAD + random * PROBE_SPREAD * 2);
}
