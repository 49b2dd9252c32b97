import { setTimeout } from "node:timers/promises";

const RETRY_MS = 50;

/** Waits until an api answers. */
export async function untilListening(port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/live`, { signal }).catch(() => null);
    signal.throwIfAborted();
    if (answer?.ok) return;
    await setTimeout(RETRY_MS, undefined, { signal });
  }
}
