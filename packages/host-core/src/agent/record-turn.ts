import type { AssistantMessage } from "@millrace/contracts";
import type { ModelTurn } from "../model/model.ts";
import { turnUsage } from "../model/usage.ts";
import type { Session } from "./session.ts";

/** Records a finished turn. */
export function recordTurn({ model, state, journal }: Session, answer: ModelTurn): void {
  journal.record({
    type: "turn.finished",
    turn: state.usage.turns + 1,
    stop_reason: answer.stopReason,
    usage: turnUsage(answer.usage, model.settings.price),
    message: withUniqueCallIds(answer.message, state.callIds),
  });
}

/** Gives each call whose id was used before another one: results find their calls by it. */
export function withUniqueCallIds(message: AssistantMessage, used: ReadonlySet<string>): AssistantMessage {
  const taken = new Set(used);
  const content = message.content.map((block) => {
    if (block.type !== "tool_use") return block;
    let { id } = block;
    for (let count = 2; taken.has(id); count += 1) id = `${block.id}_${count}`;
    taken.add(id);
    return { ...block, id };
  });
  return { ...message, content };
}
