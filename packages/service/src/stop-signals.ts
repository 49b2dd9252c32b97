/** npm and its process group both pass a signal on: what comes within this time is the same one. In milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/** Calls `stop` at the first SIGINT or SIGTERM, and ends the process at a later one. */
export function onStopSignals(stop: (signal: string) => void): void {
  let first = Number.NaN;
  const receive = (signal: string): void => {
    const now = performance.now();
    if (Number.isNaN(first)) {
      first = now;
      stop(signal);
    } else if (now - first > SAME_SIGNAL_MS) {
      process.exit(1);
    }
  };
  process.on("SIGINT", receive);
  process.on("SIGTERM", receive);
}
