import { MillraceConnectionError, MillraceError } from "./errors.ts";

/** How long a request is tried. */
export interface Patience {
  /** Tries in all. */
  readonly attempts: number;
  /** Time after which there is no further try, in milliseconds. */
  readonly totalMs: number;
}

/** For a single request: about three seconds of trying, and what `Retry-After` asks for. */
export const REQUEST_PATIENCE: Patience = { attempts: 6, totalMs: 120_000 };

/** For following something that is known to be there: long enough for a deploy or a restart. */
export const FOLLOW_PATIENCE: Patience = { attempts: Infinity, totalMs: 300_000 };

/** How soon what broke off, or was closed from the other side, is opened again, in milliseconds. */
export const REOPEN_MS = 100;

const FIRST_DELAY_MS = 100;
const DELAY_MS_MAX = 5_000;
/** Whoever is asked to wait longer gets the error. */
const RETRY_AFTER_MS_MAX = 60_000;

/** 502 and 504 come from proxies whose api is away. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * How long to wait before a failed request is sent again, in milliseconds; null when it is not.
 * Without `repeatable` only what was certainly not done is sent again.
 */
export function retryDelayMs(
  error: unknown,
  { attempt, elapsedMs, repeatable }: { attempt: number; elapsedMs: number; repeatable: boolean },
  patience: Patience,
): number | null {
  if (attempt >= patience.attempts) return null;
  if (!isRefused(error) && !(repeatable && isPassing(error))) return null;
  const asked = error instanceof MillraceError ? error.retryAfterMs : null;
  if (asked !== null && asked > RETRY_AFTER_MS_MAX) return null;
  const backoffMs = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), DELAY_MS_MAX);
  // Those who lost the same server come back one by one.
  const delayMs = (asked ?? 0) + backoffMs * (0.5 + Math.random() / 2);
  return elapsedMs + delayMs > patience.totalMs ? null : delayMs;
}

/** Nothing was done. */
function isRefused(error: unknown): boolean {
  return error instanceof MillraceError && error.status === 429;
}

/** It may work later; whether it was done is not known. */
function isPassing(error: unknown): boolean {
  if (error instanceof MillraceConnectionError) return true;
  return error instanceof MillraceError && GATEWAY_STATUSES.has(error.status);
}
