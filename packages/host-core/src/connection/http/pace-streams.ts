import { systemClock } from "../../clock.ts";
import { pause } from "../../pause.ts";
import type { Fetch } from "./guarded-fetch.ts";

/** In the long run one stream is opened in this time. */
const INTERVAL_MS = 1_000;
/** How many may be opened at once: each call may have one to resume. */
const BURST = 50;

/**
 * Fetch that opens no streams (GET) all the time. The SDK of the older protocol versions opens a stream that has ended
 * again after as long as the server says, which may be never.
 */
export function paceStreams(fetch: Fetch): Fetch {
  let dueAt = -Infinity;
  return async (url, init) => {
    if (init?.method !== "GET") return await fetch(url, init);
    const now = systemClock.monotonicMs();
    dueAt = Math.max(dueAt, now - BURST * INTERVAL_MS) + INTERVAL_MS;
    if (dueAt > now) await pause(Math.ceil(dueAt - now), init.signal ?? new AbortController().signal);
    return await fetch(url, init);
  };
}
