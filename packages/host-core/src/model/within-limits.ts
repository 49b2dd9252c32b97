import type { ModelSettings } from "@millrace/contracts";
import { slowError, stallError } from "./provider-error.ts";

/** One request to a provider that is under way. */
export interface Attempt {
  /** Aborts with the caller's signal, when the provider stalls, and when the answer takes too long. */
  readonly signal: AbortSignal;
  /** Bytes have come, whatever they are: the provider is alive. */
  readonly heard: () => void;
}

/**
 * Runs one attempt, bounded by the caller's signal and by the model's `stallTimeoutMs` and `timeoutMs`. When one of
 * them ends it, this rejects with the signal's reason or a ModelError, whatever `work` makes of it. Nothing is left:
 * no timer, no listener, and after a failure no open stream.
 */
export async function withinLimits<T>(
  settings: ModelSettings,
  callerSignal: AbortSignal,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  callerSignal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(callerSignal.reason);
  callerSignal.addEventListener("abort", onAbort, { once: true });
  const stall = setTimeout(() => controller.abort(stallError(settings)), settings.stallTimeoutMs);
  const limit = setTimeout(() => controller.abort(slowError(settings)), settings.timeoutMs);
  let isOver = false;
  const heard = () => {
    // Refreshing a timer that was cleared would start it again.
    if (!isOver) stall.refresh();
  };
  try {
    return await work({ signal: controller.signal, heard });
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason;
    controller.abort();
    throw error;
  } finally {
    isOver = true;
    clearTimeout(stall);
    clearTimeout(limit);
    callerSignal.removeEventListener("abort", onAbort);
  }
}
