import { callsThatAre, type CallThatIs } from "./agent-state.ts";
import { outcomeUnknown } from "./returned.ts";
import type { Session } from "./session.ts";
import type { ToolOffer } from "./tool-offer.ts";
import { mayRunAgain } from "./unknown-outcome.ts";

/** Clears up what an earlier start left half done: a turn that was cut off, calls that were begun. */
export function recover(session: Session, offer: ToolOffer): void {
  const { state, journal } = session;
  if (state.openTurn !== null) {
    const reason = "It was cut off before it was finished.";
    journal.record({ type: "turn.discarded", turn: state.openTurn, reason });
  }
  for (const call of callsThatAre(state, "called")) journal.record(recoverCall(offer, call));
}

function recoverCall(offer: ToolOffer, call: CallThatIs<"called">) {
  const { block, state } = call;
  const name = { tool_call_id: block.id, tool: state.tool };
  const target = offer.directory.resolve(undefined, state.tool);
  const annotations = target.ok && target.tool ? target.tool.annotations : null;
  if (!mayRunAgain(annotations)) return outcomeUnknown(name);
  // Once more, so that this start's own intent is stored before the tool runs.
  return { type: "tool.called" as const, ...name, arguments: state.arguments };
}
