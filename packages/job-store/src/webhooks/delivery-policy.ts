import type { DeliveryStatus } from "@millrace/contracts";

const FIRST_DELAY_MS = 5_000;
const DELAY_MS_MAX = 3_600_000;
/** How long a receiver may be away. */
const GIVE_UP_AFTER_MS = 86_400_000;

/** What becomes of a delivery after an attempt: it is over, or it is tried again. */
export type NextStep =
  | { status: Exclude<DeliveryStatus, "pending"> }
  | { status: "pending"; delayMs: number };

/**
 * `statusCode`: what the receiver answered; null when it gave no answer. `attempts`: so far, this one too. `elapsedMs`:
 * since the first of them. `random`: at least 0, below 1.
 */
export function nextStep({
  statusCode,
  attempts,
  elapsedMs,
  random,
}: {
  statusCode: number | null;
  attempts: number;
  elapsedMs: number;
  random: number;
}): NextStep {
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) return { status: "delivered" };
  if (statusCode === 410) return { status: "gone" };
  const doubled = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), DELAY_MS_MAX);
  // Deliveries that failed together do not come back together.
  const delayMs = Math.round(doubled * (0.75 + random / 4));
  return elapsedMs + delayMs > GIVE_UP_AFTER_MS ? { status: "failed" } : { status: "pending", delayMs };
}
