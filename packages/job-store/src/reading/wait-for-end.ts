import type { Job } from "@millrace/contracts";
import { GoneError } from "./gone-error.ts";
import type { LogFollower } from "./log-follower.ts";

/** Messages may be lost, so a waiting reader looks at the log this often, in milliseconds. */
export const RECHECK_MS = 15_000;

/**
 * Waits for the job to end, `waitMs` at most; null when the time or the job's retention is over, or `signal` aborts first.
 * @throws StoreUnavailableError when the log cannot be read.
 */
export async function waitForEnd(
  follower: LogFollower,
  signal: AbortSignal,
  waitMs: number,
): Promise<Job | null> {
  const until = performance.now() + waitMs;
  while (!signal.aborted) {
    const left = until - performance.now();
    if (left <= 0) break;
    const events = await follower.next(signal, Math.min(left, RECHECK_MS)).catch(nothingLeft);
    if (events === null) return null;
    const last = events.at(-1);
    if (last?.terminal) return (JSON.parse(last.json) as { job: Job }).job;
    if (!last) follower.recheck();
  }
  return null;
}

function nothingLeft(error: unknown): null {
  if (error instanceof GoneError) return null;
  throw error;
}
