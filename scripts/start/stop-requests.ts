const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** npm passes a Ctrl-C on to its child, which the terminal had sent it to already: that is one request, not two. */
const SAME_REQUEST_MS = 1_000;
const PARENT_CHECK_MS = 500;

export interface StopRequests {
  /** Aborted by the first signal, and when the parent process is gone. */
  readonly stop: AbortSignal;
  /** Aborted by a later signal: the user will not wait any longer. */
  readonly kill: AbortSignal;
  close(): void;
}

/**
 * Watches for what ends the start: Ctrl-C, SIGTERM, a closed terminal, or the death of npm. A killed npm sends nothing,
 * so its process id is looked at: the system gives orphans another parent.
 */
export function watchStopRequests(onStop: (reason: string) => void): StopRequests {
  const stop = new AbortController();
  const kill = new AbortController();
  let requestedAt: number | undefined;

  function request(reason: string): void {
    const now = performance.now();
    if (requestedAt === undefined) {
      requestedAt = now;
      onStop(reason);
      stop.abort();
    } else if (now - requestedAt >= SAME_REQUEST_MS) {
      kill.abort();
    }
  }

  for (const signal of SIGNALS) process.on(signal, request);

  const parent = process.ppid;
  const parentCheck = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(parentCheck);
    if (requestedAt === undefined) request("the parent process is gone");
  }, PARENT_CHECK_MS);

  return {
    stop: stop.signal,
    kill: kill.signal,
    close() {
      clearInterval(parentCheck);
      for (const signal of SIGNALS) process.off(signal, request);
    },
  };
}
