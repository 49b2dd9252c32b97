import type { QueuedEvent } from "./queued-event.ts";

/** `scripts/claim.lua` knows it too. */
const BEGINNING = `{"type":"${"job.queued" satisfies QueuedEvent["type"]}"`;

/**
 * Whether the first event of a log is the one that every job begins with. It is not when Redis has lost the log, as by
 * an eviction, and a run has written to it since.
 */
export function isWholeLog(first: unknown): first is string {
  return typeof first === "string" && first.startsWith(BEGINNING);
}
