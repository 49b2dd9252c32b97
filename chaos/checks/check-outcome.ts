import type { Job, JobErrorCode } from "@millrace/contracts";
import type { Observation } from "../client/observe-job.ts";
import { chatAnswer } from "../system/model-script.ts";
import type { Violation, ViolationKind } from "../violation.ts";

/** What a fault may do to a call: its server is away for long, or nobody knows whether it has happened. */
const EXPLAINED: ReadonlySet<JobErrorCode> = new Set(["server_unavailable", "outcome_unknown"]);

/** How one job ended, against what was asked for. */
export function checkOutcome({ plan, job, jobIds, isCancelAccepted, isExpired }: Observation): Violation[] {
  const violations: Violation[] = [];
  const note = (kind: ViolationKind, text: string): void => {
    violations.push({ kind, detail: `${[...jobIds].join(", ")} (${plan.kind}): ${text}` });
  };
  if (jobIds.size > 1) note("idempotency", "these jobs came from one idempotency key");
  if (!job) {
    if (jobIds.size > 0 && !isExpired) note("not_ended", "it came to no end");
    return violations;
  }
  if (isCancelAccepted && job.status !== "cancelled") {
    note("cancel_ignored", `its cancel was accepted, and it is ${job.status}`);
  }
  if (job.status === "cancelled" && plan.cancelAfterMs === null) note("wrong_result", "nobody cancelled it");
  if (job.status === "completed") {
    const text = resultText(job);
    const expected = plan.kind === "chat" ? chatAnswer(plan.key) : plan.key;
    if (text !== expected) note("wrong_result", `it answers ${JSON.stringify(text)}`);
  }
  if (job.status === "failed" && !isExplained(job)) {
    note("unexpected_failure", JSON.stringify(job.error));
  }
  return violations;
}

/** A chat tells its model of a call that failed, and goes on. */
function isExplained({ type, error }: Job): boolean {
  return type === "tool" && error !== null && EXPLAINED.has(error.code);
}

function resultText({ type, result }: Job): unknown {
  if (result === null) return null;
  if (type === "chat" && "text" in result) return result.text;
  return "content" in result ? result.content[0]?.["text"] : null;
}
