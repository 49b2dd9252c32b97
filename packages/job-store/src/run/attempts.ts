import { BACKOFF_DELAY_MS_MAX, Backoff, type JobRequest } from "@millrace/contracts";
import type { JobOutcome } from "../reading/terminal-event.ts";

const DEFAULT_BACKOFF = Backoff.parse({});

/**
 * How long to wait before the next attempt of a job that has failed, in milliseconds; null when it ends here.
 * `tries`: its attempts so far, without those before it was last reopened. `random`: at least 0, below 1.
 */
export function nextAttemptMs(
  { attempts = 1, backoff = DEFAULT_BACKOFF }: JobRequest,
  outcome: JobOutcome,
  tries: number,
  random: number,
): number | null {
  if (outcome.status !== "failed" || !outcome.error.retryable || tries >= attempts) return null;
  const { type, delay_ms: delayMs } = backoff;
  if (type === "fixed") return delayMs;
  // Jobs that failed together do not come back together.
  const doubled = Math.min(delayMs * 2 ** (tries - 1), BACKOFF_DELAY_MS_MAX);
  return Math.round(doubled * (0.5 + random / 2));
}
