import type { AssistantMessage, ConversationMessage, ToolResultBlock } from "./conversation.ts";
import type { JobStep } from "./event.ts";
import { modelView } from "./tool-result-view.ts";
import { UNKNOWN_OUTCOME } from "./unknown-outcome.ts";

/** A chat job's conversation, made from its steps one by one. A finished turn counts; one that was cut off does not. */
export class ConversationLog {
  readonly #opening: readonly ConversationMessage[];
  readonly #turns: AssistantMessage[] = [];
  /** By tool call; its ids are unique in a job. */
  readonly #results = new Map<string, ToolResultBlock>();
  /** Calls that were begun. One that was postponed had not been sent. */
  readonly #begun = new Set<string>();

  constructor(opening: readonly ConversationMessage[]) {
    this.#opening = opening;
  }

  /** Returns what the step adds to the conversation; null when that is nothing. */
  add(step: JobStep): AssistantMessage | ToolResultBlock | null {
    if (step.type === "turn.finished" && step.message.content.length > 0) {
      this.#turns.push(step.message);
      return step.message;
    }
    if (step.type === "tool.called") this.#begun.add(step.tool_call_id);
    if (step.type === "tool.postponed") this.#begun.delete(step.tool_call_id);
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
    return this.#with((id) => this.#results.get(id) ?? []);
  }

  /**
   * The conversation of a job that has ended. Each call that has no result gets one that says so: providers refuse a
   * conversation without.
   */
  get closed(): ConversationMessage[] {
    return this.#with((id) => this.#results.get(id) ?? noResult(id, this.#begun.has(id)));
  }

  #with(resultOf: (id: string) => ToolResultBlock | []): ConversationMessage[] {
    const turns = this.#turns.flatMap((message): ConversationMessage[] => {
      const results = toolCallIds(message).flatMap(resultOf);
      return results.length === 0 ? [message] : [message, { role: "user", content: results }];
    });
    return [...this.#opening, ...turns];
  }
}

function noResult(id: string, wasBegun: boolean): ToolResultBlock {
  const text = wasBegun ? UNKNOWN_OUTCOME : "did not run: the job ended before";
  return { type: "tool_result", tool_use_id: id, content: [{ type: "text", text }], is_error: true };
}

function toolCallIds({ content }: AssistantMessage): string[] {
  return content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
}
