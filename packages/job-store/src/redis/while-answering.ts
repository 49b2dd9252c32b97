import { setTimeout as delay } from "node:timers/promises";
import { withStore } from "./answer.ts";

/** How soon Redis is asked again once it has answered, in milliseconds. */
const ASK_AGAIN_MS = 250;

/**
 * Runs commands that may take long although Redis is well, because they wait behind others: for `timeoutMs` at most, and
 * only as long as Redis answers what `ask` sends meanwhile.
 * @throws StoreUnavailableError
 */
export async function whileAnswering<Value>(
  ask: () => Promise<unknown>,
  commands: () => Promise<Value>,
  timeoutMs: number,
): Promise<Value> {
  const over = new AbortController();
  try {
    return await Promise.race([withStore(commands, timeoutMs), untilSilent(ask, over.signal)]);
  } finally {
    over.abort();
  }
}

/** Rejects when Redis does not answer any more. After an abort nobody hears of it. */
async function untilSilent(ask: () => Promise<unknown>, signal: AbortSignal): Promise<never> {
  for (;;) {
    await withStore(ask);
    await delay(ASK_AGAIN_MS, undefined, { signal });
  }
}
