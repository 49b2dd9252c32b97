import {
  addUsage,
  ConversationLog,
  NO_USAGE,
  type AssistantMessage,
  type Cancellation,
  type ConversationMessage,
  type JobStep,
  type ToolUseBlock,
  type TurnStopReason,
  type Usage,
  type WarningCode,
} from "@millrace/contracts";

export type Step<Type extends JobStep["type"]> = Extract<JobStep, { type: Type }>;

type Arguments = Record<string, unknown>;

/**
 * Where a tool call of the last turn stands; its steps move it.
 *
 *     asked ─▶ called ─▶ returned
 *       │ ╲       ▲ ╲
 *       │  ▶ pending ─▶ approved
 *       │         ╰──▶ denied ─▶ returned
 *       ╰──────────────────────▶ returned
 *
 * A call may be called twice: the second time after a crash, when that does no harm. One that is postponed, because it
 * was not sent when its worker shut down, goes back to where it was before. `isWithheld` says that the loop itself did
 * not let it run, for a reason that is none of its own.
 */
export type CallState =
  | { readonly status: "asked" }
  | {
      readonly status: "pending";
      readonly tool: string;
      readonly arguments: Arguments;
      /** Milliseconds since 1970. */
      readonly expiresAt: number;
    }
  | { readonly status: "approved"; readonly tool: string; readonly arguments: Arguments }
  | { readonly status: "denied"; readonly tool: string; readonly reason: string | null }
  | {
      readonly status: "called";
      readonly tool: string;
      readonly arguments: Arguments;
      readonly isApproved: boolean;
    }
  | { readonly status: "returned"; readonly isWithheld: boolean };

interface AgentCall<State = CallState> {
  readonly block: ToolUseBlock;
  readonly state: State;
}

/** A call that stands there. */
export type CallThatIs<Status extends CallState["status"]> = AgentCall<
  Extract<CallState, { status: Status }>
>;

export interface CallName {
  readonly tool_call_id: string;
  /** Unified; of an unknown tool what the model wrote. */
  readonly tool: string;
}

/** What a job's steps have made of it. Only `applyStep` changes it. */
export interface AgentState {
  readonly conversation: ConversationLog;
  /** A turn that has begun and neither finished nor been discarded. */
  openTurn: number | null;
  lastTurn: { readonly message: AssistantMessage; readonly stopReason: TurnStopReason } | null;
  /** The calls of the last turn by id, in their order. */
  calls: ReadonlyMap<string, AgentCall>;
  /** Every call's id, and those of the conversation before the job. */
  readonly callIds: Set<string>;
  /** Calls that have run and come to an end. */
  readonly completed: Cancellation["completed"];
  /** Turns that asked for tools. */
  iterations: number;
  /** Turns that were tried again since the last one that finished. */
  retries: number;
  readonly warned: Set<WarningCode>;
  usage: Usage;
}

/** A job that has not begun. */
export function createState(opening: readonly ConversationMessage[]): AgentState {
  return {
    conversation: new ConversationLog(opening),
    openTurn: null,
    lastTurn: null,
    calls: new Map(),
    callIds: new Set(opening.flatMap(toolCalls).map(({ id }) => id)),
    completed: [],
    iterations: 0,
    retries: 0,
    warned: new Set(),
    usage: NO_USAGE,
  };
}

export function applyStep(state: AgentState, step: JobStep): void {
  state.conversation.add(step);
  switch (step.type) {
    case "turn.started":
      state.openTurn = step.turn;
      break;
    case "turn.discarded":
      state.openTurn = null;
      break;
    case "turn.finished":
      finishTurn(state, step);
      break;
    case "job.warning":
      state.warned.add(step.code);
      if (step.code === "model_retry") {
        state.retries += 1;
        // The failed answer is over: it was taken back if anybody had seen of it.
        state.openTurn = null;
      }
      break;
    case "approval.requested":
    case "approval.resolved":
    case "tool.called":
    case "tool.postponed":
    case "tool.returned":
      moveCall(state, step);
      break;
    case "tool.sampled":
      state.usage = addUsage(state.usage, step.usage);
      break;
    case "job.retrying":
    case "job.reopened":
      state.retries = 0;
      break;
    // These tell readers what goes on, and change nothing that the loop decides by.
    case "job.started":
    case "job.parked":
    case "job.resumed":
    case "thinking.delta":
    case "text.delta":
    case "tool.progress":
      break;
  }
}

/** The calls of the last turn that stand there. */
export function callsThatAre<Status extends CallState["status"]>(
  state: Pick<AgentState, "calls">,
  status: Status,
): CallThatIs<Status>[] {
  return [...state.calls.values()].filter((call): call is CallThatIs<Status> => call.state.status === status);
}

function toolCalls({ content }: ConversationMessage): ToolUseBlock[] {
  return content.filter((block) => block.type === "tool_use");
}

function finishTurn(state: AgentState, { message, stop_reason, usage }: Step<"turn.finished">): void {
  const calls = toolCalls(message);
  state.openTurn = null;
  state.lastTurn = { message, stopReason: stop_reason };
  state.calls = new Map(calls.map((block) => [block.id, { block, state: { status: "asked" } }]));
  for (const { id } of calls) state.callIds.add(id);
  if (calls.length > 0) state.iterations += 1;
  state.retries = 0;
  state.usage = addUsage({ ...state.usage, turns: state.usage.turns + 1 }, usage);
}

type CallStep = Step<
  "approval.requested" | "approval.resolved" | "tool.called" | "tool.postponed" | "tool.returned"
>;

function moveCall(state: AgentState, step: CallStep): void {
  const { tool_call_id: id, tool } = step;
  const call = state.calls.get(id);
  if (!call || call.state.status === "returned") return;
  const next = nextCallState(call.state, step);
  state.calls = new Map(state.calls).set(id, { block: call.block, state: next });

  const wasCalled = call.state.status === "called";
  if (next.status === "called" && !wasCalled) countCalls(state, 1);
  if (step.type === "tool.postponed" && wasCalled) countCalls(state, -1);
  if (next.status === "returned" && wasCalled) state.completed.push({ tool_call_id: id, tool });
}

function countCalls(state: AgentState, change: 1 | -1): void {
  state.usage = { ...state.usage, tool_calls: state.usage.tool_calls + change };
}

function nextCallState(current: CallState, step: CallStep): CallState {
  const { tool } = step;
  switch (step.type) {
    case "approval.requested":
      return { status: "pending", tool, arguments: step.arguments, expiresAt: Date.parse(step.expires_at) };
    case "approval.resolved":
      return current.status === "pending" ? decideCall(current, step) : current;
    case "tool.called":
      return { status: "called", tool, arguments: step.arguments, isApproved: isApproved(current) };
    case "tool.postponed":
      return current.status === "called" ? postponeCall(current) : current;
    case "tool.returned":
      return { status: "returned", isWithheld: current.status === "asked" && step.error === null };
    default:
      return step satisfies never;
  }
}

function isApproved(current: CallState): boolean {
  return current.status === "approved" || (current.status === "called" && current.isApproved);
}

function postponeCall(called: CallThatIs<"called">["state"]): CallState {
  const { tool, arguments: given } = called;
  return called.isApproved ? { status: "approved", tool, arguments: given } : { status: "asked" };
}

function decideCall(
  pending: CallThatIs<"pending">["state"],
  { tool, decision, reason, arguments: edited }: Step<"approval.resolved">,
): CallState {
  if (decision === "deny") return { status: "denied", tool, reason };
  return { status: "approved", tool, arguments: edited ?? pending.arguments };
}
