/** A provider that asks for longer is asked again after this time all the same. */
const RETRY_AFTER_MS_MAX = 3_600_000;

function delayMs(headers: Headers, now: number): number | null {
  const milliseconds = headers.get("retry-after-ms")?.trim();
  if (milliseconds && Number.isFinite(Number(milliseconds))) return Number(milliseconds);
  const value = headers.get("retry-after")?.trim();
  if (!value) return null;
  if (Number.isFinite(Number(value))) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : date - now;
}

/**
 * What `retry-after-ms` or else `retry-after` (seconds or a date, RFC 9110 §10.2.3) asks for: milliseconds from `now`
 * on, an hour at most; null when there is neither.
 */
export function readRetryAfter(headers: Headers | undefined, now: number): number | null {
  const asked = headers ? delayMs(headers, now) : null;
  return asked === null ? null : Math.round(Math.min(Math.max(asked, 0), RETRY_AFTER_MS_MAX));
}
