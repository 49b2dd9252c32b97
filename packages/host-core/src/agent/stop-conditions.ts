import { DEFAULT_MAX_TOOL_ITERATIONS, type ChatJobRequest, type StopReason } from "@millrace/contracts";
import { callsThatAre, type AgentState } from "./agent-state.ts";

/** Says why no further turn is made, or null. Looked at when no call of the last turn is open. */
export type StopCondition = (
  state: Pick<AgentState, "lastTurn" | "calls" | "iterations" | "usage">,
  request: Pick<ChatJobRequest, "max_tool_iterations" | "budget">,
) => StopReason | null;

/** The model has said what it had to say. */
export const turnEnded: StopCondition = ({ lastTurn, calls, usage }, request) => {
  if (lastTurn === null) return null;
  const { stopReason } = lastTurn;
  // Cut off because the budget left it no more.
  if (stopReason === "max_tokens" && totalTokens(usage) >= (request.budget?.max_tokens ?? Infinity))
    return "budget_exhausted";
  if (stopReason === "max_tokens" || stopReason === "refusal") return stopReason;
  return calls.size === 0 ? "end_turn" : null;
};

/** The model asked for a tool that the budget no longer allowed. */
export const callWithheld: StopCondition = ({ calls }) =>
  callsThatAre({ calls }, "returned").some(({ state }) => state.isWithheld) ? "budget_exhausted" : null;

export const iterationsSpent: StopCondition = ({ iterations }, { max_tool_iterations }) =>
  iterations >= (max_tool_iterations ?? DEFAULT_MAX_TOOL_ITERATIONS) ? "max_tool_iterations" : null;

export const tokensSpent: StopCondition = ({ usage }, { budget }) =>
  totalTokens(usage) >= (budget?.max_tokens ?? Infinity) ? "budget_exhausted" : null;

export const costSpent: StopCondition = ({ usage }, { budget }) =>
  usage.cost_usd >= (budget?.max_cost_usd ?? Infinity) ? "budget_exhausted" : null;

/** The first that holds gives the reason. */
const STOP_CONDITIONS = [turnEnded, callWithheld, iterationsSpent, tokensSpent, costSpent];

export const findStopReason: StopCondition = (state, request) => {
  for (const condition of STOP_CONDITIONS) {
    const reason = condition(state, request);
    if (reason) return reason;
  }
  return null;
};

/**
 * Whether the budget allows one more tool call. Calls that wait for their approval have their place in it, or more
 * of them might be approved than may run.
 */
export const callBudgetSpent: StopCondition = (state, request) => {
  const waiting = callsThatAre(state, "pending").length + callsThatAre(state, "approved").length;
  if (state.usage.tool_calls + waiting >= (request.budget?.max_tool_calls ?? Infinity)) {
    return "budget_exhausted";
  }
  return tokensSpent(state, request) ?? costSpent(state, request);
};

/** Output tokens that the next turn may have. */
export function outputTokensLeft(
  { usage }: Pick<AgentState, "usage">,
  { max_tokens, budget }: Pick<ChatJobRequest, "max_tokens" | "budget">,
  maxOutputTokens: number,
): number {
  return Math.min(max_tokens ?? maxOutputTokens, (budget?.max_tokens ?? Infinity) - totalTokens(usage));
}

function totalTokens(usage: AgentState["usage"]): number {
  return usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
}
