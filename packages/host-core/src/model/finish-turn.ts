import { randomUUID } from "node:crypto";
import type { AssistantBlock, ConversationMessage, TurnStopReason } from "@millrace/contracts";
import type { ModelTurn, TokenUsage } from "./model.ts";

/** What every provider takes back as the id of a tool call. */
const FIT_ID = /^[\w-]{1,40}$/;

function usedIds(messages: readonly ConversationMessage[]): Set<string> {
  const said = messages.flatMap((message) => (message.role === "assistant" ? message.content : []));
  return new Set(said.flatMap((block) => (block.type === "tool_use" ? [block.id] : [])));
}

/** Ids as they came, but for those that are missing, odd, or taken by another call of the conversation. */
function withOwnIds(
  content: readonly AssistantBlock[],
  messages: readonly ConversationMessage[],
): AssistantBlock[] {
  if (!content.some(({ type }) => type === "tool_use")) return [...content];
  const taken = usedIds(messages);
  return content.map((block) => {
    if (block.type !== "tool_use") return block;
    const isFit = FIT_ID.test(block.id) && !taken.has(block.id);
    const id = isFit ? block.id : `call_${randomUUID().replaceAll("-", "")}`;
    taken.add(id);
    return { ...block, id };
  });
}

/** Some servers say `stop` although they call tools, or the other way round. */
function agreeing(stopReason: TurnStopReason, content: readonly AssistantBlock[]): TurnStopReason {
  if (stopReason !== "end_turn" && stopReason !== "tool_use") return stopReason;
  return content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn";
}

/** A turn as a provider gave it, made to hold what ModelTurn promises. */
export function finishTurn(
  answer: { content: readonly AssistantBlock[]; stopReason: TurnStopReason; usage: TokenUsage },
  messages: readonly ConversationMessage[],
): ModelTurn {
  const content = withOwnIds(answer.content, messages);
  return {
    message: { role: "assistant", content },
    stopReason: agreeing(answer.stopReason, content),
    usage: answer.usage,
  };
}
