import { isDeepStrictEqual } from "node:util";
import { isTerminalEvent, type JobEvent } from "@millrace/contracts";
import type { Observation } from "../client/observe-job.ts";
import type { Violation, ViolationKind } from "../violation.ts";

/** What the log of one job shows by itself. */
export function checkLog({ job, events, laterEvents }: Observation): Violation[] {
  if (!job || !events) return [];
  const violations: Violation[] = [];
  const note = (kind: ViolationKind, text: string): void => {
    violations.push({ kind, detail: `${job.id}: ${text}` });
  };
  // The later reading has what came after the end too.
  const log = laterEvents ?? events;
  const ids = log.map(({ id }) => id);
  if (ids.some((id, index) => id !== index + 1)) note("gap", `its log has the ids ${ids.join(", ")}`);

  const ends = log.filter(({ type }) => isTerminalEvent(type));
  const last = log.at(-1);
  if (ends.length !== 1 || ends[0] !== last) {
    note("terminal_events", `its log is ${log.map(({ type }) => type).join(", ")}`);
  }
  if (laterEvents && !isDeepStrictEqual(events, laterEvents)) {
    note("log_changed", `its log had ${events.length} events, and later ${laterEvents.length} or others`);
  }
  const [end] = ends;
  if (end && "job" in end && !isDeepStrictEqual(end.job, job)) {
    note("record_disagrees", `its record says ${JSON.stringify(job)}, its log ${JSON.stringify(end.job)}`);
  }
  for (const repeated of repeatedSteps(log)) note("step_repeated", repeated);
  const holder = log.findLast((event) => event.type === "job.started" || event.type === "job.resumed");
  if (holder && job.status === "completed" && job.worker_id !== holder.worker_id) {
    note("stale_run", `${job.worker_id} has ended it after ${holder.worker_id} had taken it over`);
  }
  return violations;
}

/** Turns that finished twice, and calls that returned twice. */
function repeatedSteps(log: readonly JobEvent[]): string[] {
  const steps = log.flatMap((event) => {
    if (event.type === "turn.finished") return [`turn ${event.turn} finished`];
    return event.type === "tool.returned" ? [`call ${event.tool_call_id} returned`] : [];
  });
  const seen = new Set<string>();
  return steps.filter((step) => seen.size === seen.add(step).size).map((step) => `${step} more than once`);
}
