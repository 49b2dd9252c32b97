export interface DebouncedTask {
  /** Runs the task after the delay. Calls until then are one; a call during a run leads to one more run. */
  trigger(): void;
  /** No run starts after this. */
  stop(): void;
}

/** For servers that announce each of a hundred changes. The task must not reject. */
export function createDebouncedTask(task: () => Promise<void>, delayMs: number): DebouncedTask {
  let timer: NodeJS.Timeout | null = null;
  let isRunning = false;
  let isStopped = false;
  let runAgain = false;

  const run = async () => {
    timer = null;
    isRunning = true;
    await task();
    isRunning = false;
    if (runAgain) trigger();
  };
  const trigger = () => {
    runAgain = isRunning;
    if (isStopped || isRunning || timer !== null) return;
    timer = setTimeout(() => void run(), delayMs);
  };
  const stop = () => {
    isStopped = true;
    if (timer !== null) clearTimeout(timer);
  };
  return { trigger, stop };
}
