import { DEFAULT_MAX_QUEUED, DEFAULT_WEIGHT } from "@millrace/contracts";

/** What bounds the jobs of one key. Tool jobs and chat jobs are counted apart. */
export interface TenantLimits {
  /** Its share beside other keys that have as much to do: 2 is twice that of 1. */
  readonly weight: number;
  /** How many of its jobs run at a time at most; null when only the workers bound them. */
  readonly maxRunning: number | null;
  /** How many of its jobs may wait or run at a time, delayed ones too; parked ones do not count. */
  readonly maxQueued: number;
}

/** Looks up what bounds a key, by its name; called for each submission. */
export type LimitsOf = (tenant: string) => TenantLimits;

export const DEFAULT_LIMITS: TenantLimits = {
  weight: DEFAULT_WEIGHT,
  maxRunning: null,
  maxQueued: DEFAULT_MAX_QUEUED,
};

/** The key has as many jobs as it may have: this one has not been accepted. */
export class QueueFullError extends Error {
  override name = "QueueFullError";
  /** The cap that it has reached. */
  readonly maxQueued: number;

  constructor(maxQueued: number) {
    super(`The key has ${maxQueued} jobs that wait or run`);
    this.maxQueued = maxQueued;
  }
}
