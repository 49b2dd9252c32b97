/** Time as a dependency. Durations are differences of `monotonicMs`, which no change of the wall clock moves. */
export interface Clock {
  /** Milliseconds since an arbitrary moment, with fractions. */
  monotonicMs(): number;
}

export const systemClock: Clock = { monotonicMs: () => performance.now() };
