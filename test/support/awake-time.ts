const STEP_MS = 50;

/** The time in which this process got on. */
export interface AwakeTime extends Disposable {
  /** Milliseconds since the start, to within a step. */
  readonly ms: number;
}

/** Where a busy machine lets this process stand still, however long, no more than a step is counted. */
export function startAwakeTime(): AwakeTime {
  let steps = 0;
  const timer = setInterval(() => (steps += 1), STEP_MS).unref();
  return {
    get ms() {
      return steps * STEP_MS;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
