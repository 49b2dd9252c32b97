/** In milliseconds; so little that an answer of many round trips has its turns. */
const STEP_MS = 100;

/**
 * Calls `onOver` once, after so many milliseconds in which this process could have heard an answer. On a busy machine it
 * may get no processor for seconds, and finds the answer in its socket when it goes on. So the time is counted in steps:
 * however long this process stood still meanwhile, a step is one, and sockets are read before the next one begins.
 */
export function startPatience(patienceMs: number, onOver: () => void): Disposable {
  let stepsLeft = Math.ceil(patienceMs / STEP_MS);
  let timer: NodeJS.Timeout | undefined;
  let isNeeded = true;
  const endStep = (): void => {
    if (!isNeeded) return;
    stepsLeft -= 1;
    if (stepsLeft > 0) beginStep();
    else onOver();
  };
  // Timers run before sockets are read, and these callbacks after that.
  const beginStep = (): void => {
    timer = setTimeout(() => void setImmediate(endStep), STEP_MS);
  };
  beginStep();
  return {
    [Symbol.dispose]: () => {
      isNeeded = false;
      clearTimeout(timer);
    },
  };
}
