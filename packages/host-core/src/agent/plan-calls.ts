import {
  APPROVAL_EXPIRED,
  APPROVAL_LIFETIME_MS,
  jobError,
  JSON_DEPTH_MAX,
  type JobStep,
} from "@millrace/contracts";
import { callsThatAre, type CallThatIs } from "./agent-state.ts";
import { mustBeApproved } from "./required-approval.ts";
import { denied, failed } from "./returned.ts";
import type { Session } from "./session.ts";
import { callBudgetSpent } from "./stop-conditions.ts";
import type { ToolOffer } from "./tool-offer.ts";

/** How much of what a model wrote is quoted to it: enough to recognise it. */
const QUOTE_LENGTH = 200;

const USABLE_ARGUMENTS = `It may nest ${JSON_DEPTH_MAX} levels deep, and its numbers may not be too large.`;

/** Records what each call that waits for nothing does next. It runs once that is stored. */
export function planCalls(session: Session, offer: ToolOffer): void {
  const { state, journal } = session;
  for (const call of callsThatAre(state, "asked")) journal.record(...planAsked(session, offer, call));
  for (const call of callsThatAre(state, "pending")) journal.record(...expire(session, call));
  for (const call of callsThatAre(state, "denied")) journal.record(denied(call));
  for (const call of callsThatAre(state, "approved")) journal.record(planApproved(offer, call));
}

function planAsked(session: Session, offer: ToolOffer, { block }: CallThatIs<"asked">): JobStep[] {
  const { state, request, clock } = session;
  const { id: tool_call_id, name, input, malformed_input } = block;
  const refuse = (tool: string, ...[text, error]: [string, Parameters<typeof failed>[2]]) => [
    failed({ tool_call_id, tool }, text, error),
  ];
  const stopReason = state.lastTurn?.stopReason;
  if (stopReason === "max_tokens")
    return refuse(name, "This call did not run: the answer was cut off.", null);
  if (stopReason === "refusal") return refuse(name, "This call did not run: the answer was refused.", null);

  const target = offer.directory.resolve(undefined, name);
  if (!target.ok) return refuse(name, target.error.message, target.error);
  const tool = target.tool?.name ?? name;
  if (malformed_input !== undefined) {
    const quote = malformed_input.slice(0, QUOTE_LENGTH);
    const text = `The arguments of this call are no JSON object: ${quote}\n${USABLE_ARGUMENTS}`;
    return refuse(tool, text, jobError("invalid_arguments", text));
  }
  if (callBudgetSpent(state, request)) {
    return refuse(tool, "This call did not run: the job's budget is spent.", null);
  }
  const call = { tool_call_id, tool, arguments: input };
  if (!mustBeApproved(session, target.tool)) return [{ type: "tool.called", ...call }];
  const expires_at = new Date(clock.now() + APPROVAL_LIFETIME_MS).toISOString();
  return [{ type: "approval.requested", ...call, expires_at }];
}

function expire({ clock }: Session, { block, state }: CallThatIs<"pending">): JobStep[] {
  if (clock.now() < state.expiresAt) return [];
  const call = { tool_call_id: block.id, tool: state.tool };
  const decided = { decision: "deny", reason: APPROVAL_EXPIRED, arguments: null } as const;
  return [{ type: "approval.resolved", ...call, ...decided }];
}

function planApproved(offer: ToolOffer, { block, state }: CallThatIs<"approved">): JobStep {
  const call = { tool_call_id: block.id, tool: state.tool };
  const target = offer.directory.resolve(undefined, state.tool);
  if (!target.ok) return failed(call, target.error.message, target.error);
  return { type: "tool.called", ...call, arguments: state.arguments };
}
