import type { JobEvent } from "@millrace/contracts";
import type { LedgerLine } from "@millrace/testing";
import type { Observation } from "../client/observe-job.ts";
import type { Violation, ViolationKind } from "../violation.ts";

/** One call as its job tells of it. */
interface ToldCall {
  key: string;
  tool: string;
  /** `unknown` also when it was stopped, or is told of in no way. */
  outcome: "answered" | "not made" | "unknown";
}

/** How often a key was begun and ended, in all ledgers together. */
interface Count {
  begun: number;
  ended: number;
}

export type LedgerCounts = ReadonlyMap<string, Count>;

export function countCalls(lines: readonly LedgerLine[]): LedgerCounts {
  const counts = new Map<string, Count>();
  for (const line of lines) {
    if (line.event === "start") continue;
    const count = counts.get(line.key) ?? { begun: 0, ended: 0 };
    if (line.event === "begin") count.begun += 1;
    else count.ended += 1;
    counts.set(line.key, count);
  }
  return counts;
}

/** What the ledgers say of one job's calls, against what the job says of them. */
export function checkCalls(seen: Observation, ledgers: LedgerCounts): Violation[] {
  const violations: Violation[] = [];
  const [jobId] = seen.jobIds;
  for (const { key, tool, outcome } of toldCalls(seen)) {
    const { begun, ended } = ledgers.get(key) ?? { begun: 0, ended: 0 };
    const note = (kind: ViolationKind): void => {
      const detail = `${jobId}: ${tool} of ${key} was begun ${begun} times, ended ${ended} times, and is told as ${outcome}`;
      violations.push({ kind, detail });
    };
    const isOnce = tool === "append" && seen.plan.kind !== "append_retry";
    if (isOnce && (begun > 1 || ended > 1)) note("call_repeated");
    if (outcome === "answered" && ended === 0) note("call_missing");
    // A stopped worker that goes on may still make a call that another has been told of as not made, if it does no harm.
    if (outcome === "not made" && isOnce && begun > 0) note("call_denied");
  }
  return violations;
}

function toldCalls(seen: Observation): ToldCall[] {
  const { plan, job, events } = seen;
  if (!job || !events) return [];
  if (plan.request.type === "chat") return chatCalls(events);
  const { tool } = plan.request;
  if (job.status === "completed") return [{ key: plan.key, tool, outcome: "answered" }];
  const isDenied = job.error?.code === "server_unavailable";
  return [{ key: plan.key, tool, outcome: isDenied ? "not made" : "unknown" }];
}

type Returned = Extract<JobEvent, { type: "tool.returned" }>;

function chatCalls(events: readonly JobEvent[]): ToldCall[] {
  const returned = new Map(
    events
      .filter((event): event is Returned => event.type === "tool.returned")
      .map((event) => [event.tool_call_id, event]),
  );
  const called = new Map<string, ToldCall>();
  for (const event of events) {
    if (event.type !== "tool.called") continue;
    const key = String(event.arguments["key"]);
    const tool = event.tool.split("__")[1] ?? event.tool;
    called.set(key, { key, tool, outcome: outcomeOf(returned.get(event.tool_call_id)) });
  }
  return [...called.values()];
}

function outcomeOf(returned: Returned | undefined): ToldCall["outcome"] {
  if (!returned) return "unknown";
  if (!returned.is_error) return "answered";
  return returned.error?.code === "server_unavailable" ? "not made" : "unknown";
}
