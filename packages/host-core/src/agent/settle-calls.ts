import { callsThatAre, type CallThatIs } from "./agent-state.ts";
import { planCalls } from "./plan-calls.ts";
import { CallPostponed, PostponableCall } from "./postponable-call.ts";
import { ProgressWriter } from "./progress-writer.ts";
import { findMissingApproval } from "./required-approval.ts";
import { failed, returned } from "./returned.ts";
import { samplerFor } from "./sample-for-tool.ts";
import type { Session } from "./session.ts";
import type { StopListener, ToolCallOutcome } from "../server/run-call.ts";
import type { ToolOffer } from "./tool-offer.ts";
import { mayRunAgain } from "./unknown-outcome.ts";

type SettledCalls =
  | { readonly status: "returned" }
  /** Some were not sent when the worker shut down. */
  | { readonly status: "postponed" }
  /** Some wait for an approval; the first of these is denied at that time, in milliseconds since 1970. */
  | { readonly status: "pending"; readonly until: number };

/** Runs the calls of the last turn side by side, each once its intent is stored. */
export async function settleCalls(session: Session, offer: ToolOffer): Promise<SettledCalls> {
  const { state, journal } = session;
  planCalls(session, offer);
  await journal.commit();
  const ends = await Promise.allSettled(
    callsThatAre(state, "called").map((call) => runToolCall(session, offer, call)),
  );
  // Only now: a bug in one call takes no answer from the others.
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  if (callsThatAre(state, "asked").length + callsThatAre(state, "approved").length > 0) {
    return { status: "postponed" };
  }
  const pending = callsThatAre(state, "pending").map((call) => call.state.expiresAt);
  return pending.length === 0 ? { status: "returned" } : { status: "pending", until: Math.min(...pending) };
}

async function runToolCall(
  session: Session,
  offer: ToolOffer,
  { block, state }: CallThatIs<"called">,
): Promise<void> {
  const { tools, running, journal, signal, clock } = session;
  const name = { tool_call_id: block.id, tool: state.tool };
  const target = offer.directory.resolve(undefined, state.tool);
  if (!target.ok) {
    journal.record(failed(name, target.error.message, target.error));
    return await journal.commit();
  }
  using sending = new PostponableCall(session);
  const progress = new ProgressWriter(name, clock, (step) => void journal.note(step));
  const call = (onStopping: StopListener): Promise<ToolCallOutcome> =>
    tools.callTool({
      server: target.server,
      tool: target.toolName,
      arguments: state.arguments,
      findRefusal: (tool) => (state.isApproved ? null : findMissingApproval(session, tool)),
      signal: sending.signal,
      caller: session,
      onWaiting: sending.onWaiting,
      onRunning: sending.onRunning,
      onProgress: (report) => progress.add(report),
      sample: samplerFor(session, name),
      onStopping,
    });
  const mayRepeat = mayRunAgain(target.tool?.annotations ?? null);
  try {
    const first = await running.run(name, signal, call);
    const wasLost = !first.ok && first.isAnswerLost === true;
    const outcome = wasLost && mayRepeat ? await running.run(name, signal, call) : first;
    journal.record(...progress.drain(), returned(name, outcome, mayRepeat));
    await journal.commit();
  } catch (error) {
    if (!(error instanceof CallPostponed)) throw error;
    journal.record({ type: "tool.postponed", ...name });
    await journal.commit();
  } finally {
    progress.stop();
  }
}
