import { abortable } from "../abortable.ts";
import type { Session } from "./session.ts";
import { wantedServers } from "./tool-offer.ts";

/**
 * Waits for those of the job's servers that are still connecting: what it is offered, and what becomes of the calls of
 * an earlier start, must not depend on how young this worker is. False when the worker shuts down meanwhile.
 */
export async function awaitServers({ tools, request, signal, draining }: Session): Promise<boolean> {
  const settled = tools.whenSettled(wantedServers(request), signal);
  if (!draining) {
    await settled;
    return true;
  }
  try {
    await abortable(settled, draining);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!draining.aborted) throw error;
    return false;
  }
}
