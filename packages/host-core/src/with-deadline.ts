import { abortable } from "./abortable.ts";

/** Aborts with `signal`, and with `reason` after `timeoutMs`. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly reason: Error;
}

/**
 * Runs `task` with a signal of its own, and waits no longer than that, whatever the task makes of it. Unlike
 * `AbortSignal.any` and `AbortSignal.timeout` it leaves no timer and no listener behind: connections live for weeks
 * and use this all the time.
 */
export async function withDeadline<T>(
  { signal, timeoutMs, reason }: Deadline,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => controller.abort(reason), timeoutMs);
  try {
    return await abortable(task(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
