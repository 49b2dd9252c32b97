import { jobError, type JobError } from "@millrace/contracts";
import type { ToolCallOutcome } from "../server/run-call.ts";
import type { CallName, CallThatIs, Step } from "./agent-state.ts";
import { UNKNOWN_OUTCOME } from "./unknown-outcome.ts";

type Returned = Step<"tool.returned">;

/** The end of a call that ran. A failure is told to the model like a tool's own. */
export function returned({ tool_call_id, tool }: CallName, outcome: ToolCallOutcome): Returned {
  if (!outcome.ok) return failed({ tool_call_id, tool }, describe(outcome.error), outcome.error);
  const { is_error, execution_time_ms, ...result } = outcome.result;
  return { type: "tool.returned", tool_call_id, tool, result, is_error, error: null, execution_time_ms };
}

/** The end of a call that has no answer of its tool. */
export function failed({ tool_call_id, tool }: CallName, text: string, error: JobError | null): Returned {
  const result = { content: [{ type: "text", text }], structured_content: null };
  return {
    type: "tool.returned",
    tool_call_id,
    tool,
    result,
    is_error: true,
    error,
    execution_time_ms: null,
  };
}

/** The end of a call of which nobody knows whether it has happened. */
export function outcomeUnknown(name: CallName): Returned {
  return failed(name, UNKNOWN_OUTCOME, jobError("outcome_unknown", UNKNOWN_OUTCOME));
}

export function denied({ block, state }: CallThatIs<"denied">): Returned {
  const text = `The user denied this call${state.reason ? `: ${state.reason}` : "."}`;
  return failed({ tool_call_id: block.id, tool: state.tool }, text, jobError("approval_denied", text));
}

/** With its wrong paths, so that the model can mend its arguments. */
function describe({ message, errors = [] }: JobError): string {
  return [message, ...errors.map((error) => `${error.path}: ${error.message}`)].join("\n");
}
