/** Time as a dependency. Durations are differences of `monotonicMs`, which no change of the wall clock moves. */
export interface Clock {
  /** Milliseconds since an arbitrary moment, with fractions. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for times that others read. */
  now(): number;
}

export const systemClock: Clock = { monotonicMs: () => performance.now(), now: () => Date.now() };
