import { expect, test } from "vitest";
import type { ToolUseBlock } from "@millrace/contracts";
import { createState, type AgentState, type CallState } from "./agent-state.ts";
import {
  callBudgetSpent,
  callWithheld,
  costSpent,
  findStopReason,
  iterationsSpent,
  outputTokensLeft,
  tokensSpent,
  turnEnded,
} from "./stop-conditions.ts";

type Usage = AgentState["usage"];

function state(changes: Partial<Omit<AgentState, "usage">> & { usage?: Partial<Usage> } = {}): AgentState {
  const empty = createState([]);
  return { ...empty, ...changes, usage: { ...empty.usage, ...changes.usage } };
}

function calls(...states: CallState[]): AgentState["calls"] {
  return new Map(
    states.map((callState, index) => {
      const block: ToolUseBlock = { type: "tool_use", id: `call_${index}`, name: "files__read", input: {} };
      return [block.id, { block, state: callState }];
    }),
  );
}

const lastTurn = (stopReason: "end_turn" | "tool_use" | "max_tokens" | "refusal") => ({
  message: { role: "assistant" as const, content: [] },
  stopReason,
});

const RETURNED: CallState = { status: "returned", isWithheld: false };
const WITHHELD: CallState = { status: "returned", isWithheld: true };

test("[agent.stop.turn] a turn that asks for no tool ends the job, and so does one that was cut off or refused", () => {
  expect(turnEnded(state(), {})).toBeNull();
  expect(turnEnded(state({ lastTurn: lastTurn("end_turn") }), {})).toBe("end_turn");
  expect(turnEnded(state({ lastTurn: lastTurn("tool_use") }), {})).toBe("end_turn");
  const asking = { calls: calls(RETURNED) };
  expect(turnEnded(state({ lastTurn: lastTurn("tool_use"), ...asking }), {})).toBeNull();
  expect(turnEnded(state({ lastTurn: lastTurn("end_turn"), ...asking }), {})).toBeNull();
  expect(turnEnded(state({ lastTurn: lastTurn("max_tokens"), ...asking }), {})).toBe("max_tokens");
  expect(turnEnded(state({ lastTurn: lastTurn("refusal"), ...asking }), {})).toBe("refusal");
});

test("[agent.stop.iterations] turns that ask for tools are counted, five at most when the request says nothing", () => {
  expect(iterationsSpent(state({ iterations: 4 }), {})).toBeNull();
  expect(iterationsSpent(state({ iterations: 5 }), {})).toBe("max_tool_iterations");
  expect(iterationsSpent(state({ iterations: 1 }), { max_tool_iterations: 2 })).toBeNull();
  expect(iterationsSpent(state({ iterations: 2 }), { max_tool_iterations: 2 })).toBe("max_tool_iterations");
});

test("[agent.stop.budget] tokens of every kind count, costs count, and what is reached is spent", () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 20,
    cache_read_tokens: 30,
    cache_write_tokens: 40,
    cost_usd: 0.5,
  };
  expect(tokensSpent(state({ usage }), {})).toBeNull();
  expect(tokensSpent(state({ usage }), { budget: { max_tokens: 101 } })).toBeNull();
  expect(tokensSpent(state({ usage }), { budget: { max_tokens: 100 } })).toBe("budget_exhausted");
  // An answer that was cut off because the budget left it no more is the budget's end, not the turn's.
  const cut = state({ usage, lastTurn: lastTurn("max_tokens") });
  expect(turnEnded(cut, { budget: { max_tokens: 100 } })).toBe("budget_exhausted");
  expect(turnEnded(cut, { budget: { max_tokens: 101 } })).toBe("max_tokens");
  expect(costSpent(state({ usage }), {})).toBeNull();
  expect(costSpent(state({ usage }), { budget: { max_cost_usd: 0.51 } })).toBeNull();
  expect(costSpent(state({ usage }), { budget: { max_cost_usd: 0.5 } })).toBe("budget_exhausted");
});

test("[agent.stop.budget] a tool call needs its place in every budget; those that wait for approval keep theirs", () => {
  const budget = { max_tool_calls: 3 };
  const usage = { tool_calls: 1 };
  const pending: CallState = { status: "pending", tool: "files__read", arguments: {}, expiresAt: 0 };
  const approved: CallState = { status: "approved", tool: "files__read", arguments: {} };
  expect(callBudgetSpent(state({ usage }), {})).toBeNull();
  expect(callBudgetSpent(state({ usage, calls: calls(pending, RETURNED) }), { budget })).toBeNull();
  expect(callBudgetSpent(state({ usage, calls: calls(pending, approved) }), { budget })).toBe(
    "budget_exhausted",
  );
  expect(callBudgetSpent(state(), { budget: { max_tool_calls: 0 } })).toBe("budget_exhausted");
  const spent = state({ usage: { input_tokens: 5, cost_usd: 1 } });
  expect(callBudgetSpent(spent, { budget: { max_tokens: 5 } })).toBe("budget_exhausted");
  expect(callBudgetSpent(spent, { budget: { max_cost_usd: 1 } })).toBe("budget_exhausted");
});

test("[agent.stop.budget] a call that the budget withheld ends the job; having run the last one does not", () => {
  expect(callWithheld(state({ calls: calls(RETURNED) }), {})).toBeNull();
  expect(callWithheld(state({ calls: calls(RETURNED, WITHHELD) }), {})).toBe("budget_exhausted");
  const done = state({ usage: { tool_calls: 1 }, calls: calls(RETURNED), lastTurn: lastTurn("tool_use") });
  expect(findStopReason(done, { budget: { max_tool_calls: 1 } })).toBeNull();
});

test("[agent.stop.turn] of several reasons the model's own goes first", () => {
  const all = state({ lastTurn: lastTurn("refusal"), calls: calls(WITHHELD), iterations: 9 });
  expect(findStopReason(all, {})).toBe("refusal");
  expect(findStopReason({ ...all, lastTurn: lastTurn("tool_use") }, {})).toBe("budget_exhausted");
  expect(findStopReason(state(), {})).toBeNull();
});

test("[agent.stop.output] a turn may have what the request allows, and no more than the budget has left", () => {
  const usage = { input_tokens: 60, output_tokens: 20 };
  expect(outputTokensLeft(state(), {}, 8_192)).toBe(8_192);
  expect(outputTokensLeft(state(), { max_tokens: 50 }, 8_192)).toBe(50);
  expect(outputTokensLeft(state({ usage }), { max_tokens: 50, budget: { max_tokens: 100 } }, 8_192)).toBe(20);
  expect(outputTokensLeft(state({ usage }), { budget: { max_tokens: 200 } }, 100)).toBe(100);
});
