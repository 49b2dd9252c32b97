import type { AssistantMessage, ChatJobResult, StopReason } from "@millrace/contracts";
import type { AgentDependencies, AgentOutcome, AgentRun } from "./agent.ts";
import { callsThatAre, type CallThatIs } from "./agent-state.ts";
import { saidText } from "../model/said-text.ts";
import { askModel } from "./ask-model.ts";
import { awaitServers } from "./await-servers.ts";
import { recordTurn } from "./record-turn.ts";
import { recover } from "./recover.ts";
import { openSession, type Session } from "./session.ts";
import { settleCalls } from "./settle-calls.ts";
import { findStopReason } from "./stop-conditions.ts";
import { warnOfUnboundedCost } from "./unbounded-cost.ts";
import { chooseTool, offerTools, type ToolOffer } from "./tool-offer.ts";
import { planCalls } from "./plan-calls.ts";

/** How long an abort waits for proof that the tools have stopped. The host gives up after 5 s by itself. */
const STOP_PROOF_MS = 5_500;

/**
 * Runs a chat job, or goes on with one: turns of the model and the tool calls that they ask for, until the model has
 * its answer, a limit is reached, or there is something to wait for.
 *
 * Every start takes the state from the steps that are written, so it makes no difference where the last one broke off:
 * no turn that finished is asked for again, and no call that has returned is made again.
 *
 * Rejects only when a step cannot be written, the cool-downs cannot be read, or there is a bug.
 */
export async function runAgent(dependencies: AgentDependencies, run: AgentRun): Promise<AgentOutcome> {
  const session = openSession(dependencies, run);
  const begunBefore = callsThatAre(session.state, "called");
  try {
    const outcome = await takeTurns(session);
    await session.journal.stored();
    return outcome;
  } catch (error) {
    if (!run.signal.aborted) throw error;
    return await describeStop(session, begunBefore);
  }
}

async function takeTurns(session: Session): Promise<AgentOutcome> {
  const { state, request, journal, signal } = session;
  signal.throwIfAborted();
  if (!(await awaitServers(session))) return { status: "yielded" };
  recover(session, offerTools(session));
  await journal.commit();

  for (;;) {
    const offer = offerTools(session);
    const calls = await settleCalls(session, offer);
    if (calls.status === "postponed") return { status: "yielded" };
    if (calls.status === "pending") return { status: "parked", reason: "approval", until: calls.until };

    const stopReason = findStopReason(state, request);
    if (stopReason) return complete(session, stopReason);

    const chosen = chooseTool(session, offer);
    if (!chosen.ok) return { status: "failed", error: chosen.error, usage: state.usage };
    warn(session, [...offer.warnings, ...warnOfUnboundedCost(session)]);

    const turn = await askModel(session, offer, chosen.choice);
    if (turn.status === "cooling_down") return { status: "parked", reason: "cool_down", until: turn.until };
    if (turn.status === "yielded") return turn;
    if (turn.status === "failed") return { ...turn, usage: state.usage };

    // One write: no turn is finished without the intents of its calls.
    journal.record(...turn.lastDeltas);
    recordTurn(session, turn.answer);
    planCalls(session, offer);
    await journal.commit();
  }
}

/** What was said once is not said again. */
function warn({ state, journal }: Session, warnings: ToolOffer["warnings"]): void {
  void journal.note(...warnings.filter(({ code }) => !state.warned.has(code)));
}

const NOTHING_SAID: AssistantMessage = { role: "assistant", content: [] };

function complete({ state }: Session, stop_reason: StopReason): AgentOutcome {
  const message = state.lastTurn?.message ?? NOTHING_SAID;
  const result: ChatJobResult = { message, text: saidText(message.content), stop_reason };
  return { status: "completed", result, usage: state.usage };
}

/** `begunBefore` are the calls that an earlier start has left without an end. */
async function describeStop(
  { state, running, isModelAnswering }: Session,
  begunBefore: readonly CallThatIs<"called">[],
): Promise<AgentOutcome> {
  const { completed, stopped, ignored } = await running.verdicts(STOP_PROOF_MS);
  const isKnown = new Set(
    [...state.completed, ...completed, ...stopped, ...ignored].map((call) => call.tool_call_id),
  );
  const left = begunBefore.map(({ block, state: { tool } }) => ({ tool_call_id: block.id, tool }));
  const cancellation = {
    completed: [...state.completed, ...completed],
    stopped,
    // Nobody has proof that what an earlier start had begun has stopped.
    ignored: [...ignored, ...left.filter((call) => !isKnown.has(call.tool_call_id))],
    model_stopped: isModelAnswering,
  };
  return { status: "stopped", usage: state.usage, cancellation };
}
