import { callsThatAre, type AgentCall, type CallState } from "./agent-state.ts";
import { planCalls } from "./plan-calls.ts";
import { ProgressWriter } from "./progress-writer.ts";
import { failed, outcomeUnknown, returned } from "./returned.ts";
import { samplerFor } from "./sample-for-tool.ts";
import type { Session } from "./session.ts";
import type { StopListener, ToolCallOutcome } from "../server/run-call.ts";
import type { ToolOffer } from "./tool-offer.ts";
import { mayRunAgain } from "./unknown-outcome.ts";

/**
 * Runs the calls of the last turn side by side, each once its intent is stored. When some wait for an approval it
 * returns the time, in milliseconds since 1970, at which the first of these is denied; otherwise null.
 */
export async function settleCalls(session: Session, offer: ToolOffer): Promise<number | null> {
  const { state, journal } = session;
  planCalls(session, offer);
  await journal.commit();
  const ends = await Promise.allSettled(
    callsThatAre(state, "called").map((call) => runToolCall(session, offer, call)),
  );
  // Only now: a bug in one call takes no answer from the others.
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  const pending = callsThatAre(state, "pending").map((call) => call.state.expiresAt);
  return pending.length === 0 ? null : Math.min(...pending);
}

async function runToolCall(
  session: Session,
  offer: ToolOffer,
  { block, state }: AgentCall<Extract<CallState, { status: "called" }>>,
): Promise<void> {
  const { tools, running, journal, signal, clock } = session;
  const name = { tool_call_id: block.id, tool: state.tool };
  const target = offer.directory.resolve(undefined, state.tool);
  if (!target.ok) {
    journal.record(failed(name, target.error.message, target.error));
    return await journal.commit();
  }
  const progress = new ProgressWriter(name, clock, (step) => void journal.note(step));
  const call = (onStopping: StopListener): Promise<ToolCallOutcome> =>
    tools.callTool({
      server: target.server,
      tool: target.toolName,
      arguments: state.arguments,
      signal,
      onProgress: (report) => progress.add(report),
      sample: samplerFor(session, name),
      onStopping,
    });
  const mayRepeat = mayRunAgain(target.tool?.annotations ?? null);
  try {
    const first = await running.run(name, signal, call);
    const wasLost = !first.ok && first.isAnswerLost === true;
    const outcome = wasLost && mayRepeat ? await running.run(name, signal, call) : first;
    const end = wasLost && !mayRepeat ? outcomeUnknown(name) : returned(name, outcome);
    journal.record(...progress.drain(), end);
    await journal.commit();
  } finally {
    progress.stop();
  }
}
