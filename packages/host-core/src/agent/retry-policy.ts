import { jobError, type JobError } from "@millrace/contracts";
import type { ModelError } from "../model/model.ts";

/** Attempts of one turn that fail in a row before the job does. */
export const ATTEMPTS_MAX = 10;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;

/** `wait`: this job tries again by itself. `cool_down`: nobody asks this provider for that time. */
export type RetryDecision =
  | { readonly action: "fail"; readonly error: JobError }
  | { readonly action: "wait" | "cool_down"; readonly forMs: number };

export interface Failures {
  /** Attempts of this turn that failed and backed off, this one included. */
  readonly backoffs: number;
  /** All attempts of this turn that failed, this one included. */
  readonly total: number;
}

/**
 * Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015). `random` is from 0 up to,
 * not including, 1.
 */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (failures - 1)));
}

/** How long nobody asks a provider that has asked to wait. */
export function coolDownMs({ retryAfterMs }: ModelError, failures: number, random: number): number {
  // A provider that says "at once" and does not mean it must not be asked without a pause.
  return Math.max(BACKOFF_BASE_MS, retryAfterMs ?? backoffMs(failures, random));
}

/** Cool-downs have no most: a limit of the provider says nothing against the job, whose time bounds them. */
export function decideRetry(error: ModelError, failures: Failures, random: number): RetryDecision {
  switch (error.retry) {
    case "never":
      return { action: "fail", error: jobError(error.code, error.message) };
    case "backoff":
      if (failures.backoffs >= ATTEMPTS_MAX) {
        const message = `The model failed ${ATTEMPTS_MAX} times in a row. The last time: ${error.message}`;
        return { action: "fail", error: jobError("provider_unavailable", message) };
      }
      return { action: "wait", forMs: backoffMs(failures.backoffs, random) };
    case "cool_down":
    default:
      return { action: "cool_down", forMs: coolDownMs(error, failures.total, random) };
  }
}
