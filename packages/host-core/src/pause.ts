import { abortable } from "./abortable.ts";

/** Waits; rejects with the signal's own reason when it aborts, where Node's timer wraps it in an error of its own. */
export async function pause(forMs: number, signal: AbortSignal): Promise<void> {
  const timeIsOver = Promise.withResolvers<void>();
  const timer = setTimeout(timeIsOver.resolve, forMs);
  try {
    await abortable(timeIsOver.promise, signal);
  } finally {
    clearTimeout(timer);
  }
}
