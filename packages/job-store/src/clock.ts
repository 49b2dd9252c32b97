/** Wall time, in milliseconds since 1970; only for what is shown or stored. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
