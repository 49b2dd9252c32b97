import type { LedgerLine } from "@millrace/testing";
import type { Observation } from "../client/observe-job.ts";
import type { Violation } from "../violation.ts";
import { checkCalls, countCalls } from "./check-calls.ts";
import { checkLog } from "./check-log.ts";
import { checkOutcome } from "./check-outcome.ts";
import { checkStream } from "./check-stream.ts";

/** Everything that the client and the ledgers show of a run's jobs. */
export function checkRun(observations: readonly Observation[], ledgers: readonly LedgerLine[]): Violation[] {
  const counts = countCalls(ledgers);
  return observations.flatMap((seen) => [
    ...seen.violations,
    ...checkOutcome(seen),
    ...checkLog(seen),
    ...checkStream(seen),
    ...checkCalls(seen, counts),
  ]);
}
