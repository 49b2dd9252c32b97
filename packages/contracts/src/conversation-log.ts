import type { AssistantMessage, ConversationMessage, ToolResultBlock } from "./conversation.ts";
import type { JobStep } from "./event.ts";
import { modelView } from "./tool-result-view.ts";

type UserMessage = Extract<ConversationMessage, { role: "user" }>;

/** A chat job's conversation, made from its steps one by one. A finished turn counts; one that was cut off does not. */
export class ConversationLog {
  readonly #opening: readonly ConversationMessage[];
  readonly #turns: AssistantMessage[] = [];
  /** By tool call; its ids are unique in a job. */
  readonly #results = new Map<string, ToolResultBlock>();

  constructor(opening: readonly ConversationMessage[]) {
    this.#opening = opening;
  }

  /** Returns what the step adds to the conversation; null when that is nothing. */
  add(step: JobStep): AssistantMessage | ToolResultBlock | null {
    if (step.type === "turn.finished" && step.message.content.length > 0) {
      this.#turns.push(step.message);
      return step.message;
    }
    if (step.type !== "tool.returned") return null;
    const result: ToolResultBlock = {
      type: "tool_result",
      tool_use_id: step.tool_call_id,
      content: modelView(step.result),
      is_error: step.is_error,
    };
    this.#results.set(step.tool_call_id, result);
    return result;
  }

  /** The conversation so far. The results of a turn's calls follow it in the order of the calls. */
  get messages(): ConversationMessage[] {
    return [
      ...this.#opening,
      ...this.#turns.flatMap((message): ConversationMessage[] => {
        const results = toolCallIds(message).flatMap((id) => this.#results.get(id) ?? []);
        return results.length === 0 ? [message] : [message, { role: "user", content: results }];
      }),
    ];
  }
}

/** Gives each tool call that has no result one that says so: providers refuse a conversation without. */
export function closeConversation(messages: readonly ConversationMessage[]): ConversationMessage[] {
  return messages.flatMap((message, index): ConversationMessage[] => {
    if (hasResults(message)) return [completeResults(toolCallIds(messages[index - 1]), message)];
    const calls = toolCallIds(message);
    if (calls.length === 0 || hasResults(messages[index + 1])) return [message];
    return [message, { role: "user", content: calls.map(didNotRun) }];
  });
}

function hasResults(message: ConversationMessage | undefined): message is UserMessage {
  return message?.role === "user" && message.content.some(({ type }) => type === "tool_result");
}

function completeResults(calls: readonly string[], { content }: UserMessage): UserMessage {
  const isResultOf = (id: string) => (block: UserMessage["content"][number]) =>
    block.type === "tool_result" && block.tool_use_id === id;
  const results = calls.map((id) => content.find(isResultOf(id)) ?? didNotRun(id));
  return { role: "user", content: [...results, ...content.filter((block) => !results.includes(block))] };
}

function didNotRun(id: string): ToolResultBlock {
  const content: ToolResultBlock["content"] = [{ type: "text", text: "did not run: the job ended before" }];
  return { type: "tool_result", tool_use_id: id, content, is_error: true };
}

function toolCallIds(message: ConversationMessage | undefined): string[] {
  return message?.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : [])) ?? [];
}
