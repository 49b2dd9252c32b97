import type { Clock } from "../clock.ts";

export interface DebouncedTask {
  /** Runs the task after the delay. Calls until then are one; a call during a run leads to one more run. */
  trigger(): void;
  /** No run starts after this. */
  stop(): void;
}

export interface DebouncedTaskOptions {
  clock: Clock;
  /** The first delay. It doubles with each run that was in vain. */
  delayMs: number;
  /** A pause this long makes the next delay the first one again, and so does a run that was not in vain. */
  longestDelayMs: number;
  /** Called when the delay has become the longest. */
  onLongest: () => void;
}

/**
 * For servers that announce each of a hundred changes, or changes without end that are none. The task must not reject; it says
 * whether it was in vain.
 */
export function createDebouncedTask(
  task: () => Promise<boolean>,
  { clock, delayMs: firstDelayMs, longestDelayMs, onLongest }: DebouncedTaskOptions,
): DebouncedTask {
  let timer: NodeJS.Timeout | null = null;
  let isRunning = false;
  let isStopped = false;
  let runAgain = false;
  let delayMs = firstDelayMs;
  let lastRunAt = Number.NEGATIVE_INFINITY;

  const run = async () => {
    timer = null;
    isRunning = true;
    const wasInVain = await task();
    isRunning = false;
    lastRunAt = clock.monotonicMs();
    slowDown(wasInVain);
    if (runAgain) trigger();
  };
  const slowDown = (wasInVain: boolean) => {
    const before = delayMs;
    delayMs = wasInVain ? Math.min(delayMs * 2, longestDelayMs) : firstDelayMs;
    if (before < longestDelayMs && delayMs === longestDelayMs) onLongest();
  };
  const trigger = () => {
    runAgain = isRunning;
    if (isStopped || isRunning || timer !== null) return;
    if (clock.monotonicMs() - lastRunAt >= longestDelayMs) delayMs = firstDelayMs;
    timer = setTimeout(() => void run(), delayMs);
  };
  const stop = () => {
    isStopped = true;
    if (timer !== null) clearTimeout(timer);
  };
  return { trigger, stop };
}
