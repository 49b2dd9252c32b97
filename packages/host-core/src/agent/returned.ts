import { APPROVAL_EXPIRED, jobError, UNKNOWN_OUTCOME, type JobError } from "@millrace/contracts";
import type { ToolCallOutcome } from "../server/run-call.ts";
import type { CallName, CallThatIs, Step } from "./agent-state.ts";

type Returned = Step<"tool.returned">;

/** Told to the model with a timeout: the call was sent, and goes on for all we know. */
const MAY_HAVE_HAPPENED = "The call may have happened all the same. Find out before you make it again.";

/**
 * The end of a call that ran. A failure is told to the model like a tool's own; also that it may have happened, where
 * it must not simply be repeated.
 */
export function returned(name: CallName, outcome: ToolCallOutcome, mayRepeat: boolean): Returned {
  if (!outcome.ok) {
    if (outcome.isAnswerLost && !mayRepeat) return outcomeUnknown(name);
    const isUnsure = outcome.error.code === "tool_timeout" && !mayRepeat;
    const text = describe(outcome.error);
    return failed(name, isUnsure ? `${text}\n${MAY_HAVE_HAPPENED}` : text, outcome.error);
  }
  const { tool_call_id, tool } = name;
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
  const text = describeDenial(state.reason);
  return failed({ tool_call_id: block.id, tool: state.tool }, text, jobError("approval_denied", text));
}

function describeDenial(reason: string | null): string {
  if (reason === APPROVAL_EXPIRED) return "Nobody decided in time, so this call was denied.";
  return `The user denied this call${reason ? `: ${reason}` : "."}`;
}

/** With its wrong paths, so that the model can mend its arguments. */
function describe({ message, errors = [] }: JobError): string {
  return [message, ...errors.map((error) => `${error.path}: ${error.message}`)].join("\n");
}
