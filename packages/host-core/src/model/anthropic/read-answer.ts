import type {
  MessageDeltaUsage,
  RawContentBlockDelta,
  RawContentBlockStartEvent,
  RawMessageStreamEvent,
  StopReason,
  Usage,
} from "@anthropic-ai/sdk/resources/messages";
import type { AssistantBlock, TurnStopReason } from "@millrace/contracts";
import { ANSWER_LENGTH_MAX, usageAtLength } from "../answer-length.ts";
import { readCount, readText } from "../given-values.ts";
import type { ModelDelta, TokenUsage } from "../model.ts";
import { readToolInput } from "../tool-input.ts";

const STOP_REASON: Readonly<Record<StopReason, TurnStopReason>> = {
  end_turn: "end_turn",
  stop_sequence: "end_turn",
  // Only tools that run at the provider pause a turn, and none is offered.
  pause_turn: "end_turn",
  tool_use: "tool_use",
  max_tokens: "max_tokens",
  model_context_window_exceeded: "max_tokens",
  refusal: "refusal",
};

/** A block that is still growing. A tool call's arguments come as pieces of JSON. */
type OpenBlock = { block: AssistantBlock; json: string };

/** Puts a turn together from the events of its stream. */
export class AnswerReader {
  readonly #blocks: OpenBlock[] = [];
  /** The last one of each index that the stream gives. */
  readonly #open = new Map<number, OpenBlock>();
  #usage: TokenUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  #stopReason: StopReason | null = null;
  #isComplete = false;
  #length = 0;

  /** No more is read. */
  get isFull(): boolean {
    return this.#length > ANSWER_LENGTH_MAX;
  }

  /** It has said how it ended, and what it cost. */
  get hasEnded(): boolean {
    return this.#isComplete || this.#stopReason !== null;
  }

  /** Takes one event in; what of it is for the reader of the stream, if anything. */
  take(event: RawMessageStreamEvent): ModelDelta | null {
    // Also events that bring nothing come to an end.
    this.#length += lengthOf(event) || 1;
    switch (event.type) {
      case "message_start":
        this.#addUsage(event.message?.usage);
        return null;
      case "content_block_start":
        return this.#begin(event);
      case "content_block_delta": {
        const open = this.#open.get(event.index);
        return open ? grow(open, event.delta) : null;
      }
      case "message_delta":
        // More may follow, with the usage alone.
        this.#stopReason = event.delta?.stop_reason ?? this.#stopReason;
        this.#addUsage(event.usage);
        return null;
      case "message_stop":
        this.#isComplete = true;
        return null;
      case "content_block_stop":
        return null;
      default:
        // New kinds of event may come at any time.
        event satisfies never;
        return null;
    }
  }

  /** @throws Error when the stream ended too soon. */
  finish(): { content: AssistantBlock[]; stopReason: TurnStopReason; usage: TokenUsage } {
    if (!this.hasEnded && !this.isFull) throw new Error("the stream ended before the answer did");
    const content = this.#blocks.map(({ block, json }) =>
      block.type === "tool_use" && json !== "" ? { ...block, ...readToolInput(json) } : block,
    );
    const stopReason = this.isFull
      ? "max_tokens"
      : (STOP_REASON[this.#stopReason ?? "end_turn"] ?? "end_turn");
    const usage = this.isFull ? usageAtLength(this.#usage, this.#length) : this.#usage;
    return { content: content.filter((block) => !isEmpty(block)), stopReason, usage };
  }

  #begin({ index, content_block: start }: RawContentBlockStartEvent): ModelDelta | null {
    const block = openBlock(start);
    if (!block) return null;
    const open = { block, json: "" };
    this.#blocks.push(open);
    this.#open.set(index, open);
    if (block.type === "text" && block.text !== "") return { type: "text", text: block.text };
    if (block.type === "thinking" && block.thinking !== "") return { type: "thinking", text: block.thinking };
    return null;
  }

  /** The counts are totals, and may come more than once; some servers end with zeros. */
  #addUsage(usage: Partial<Usage | MessageDeltaUsage> | undefined): void {
    const before = this.#usage;
    this.#usage = {
      inputTokens: Math.max(before.inputTokens, readCount(usage?.input_tokens)),
      outputTokens: Math.max(before.outputTokens, readCount(usage?.output_tokens)),
      cacheReadTokens: Math.max(before.cacheReadTokens, readCount(usage?.cache_read_input_tokens)),
      cacheWriteTokens: Math.max(before.cacheWriteTokens, readCount(usage?.cache_creation_input_tokens)),
    };
  }
}

/** Null for blocks of tools that run at the provider: none is offered. */
function openBlock(start: RawContentBlockStartEvent["content_block"] | null): AssistantBlock | null {
  if (!start) return null;
  if (start.type === "text") return { type: "text", text: readText(start.text) };
  if (start.type === "thinking") {
    return { type: "thinking", thinking: readText(start.thinking), signature: readText(start.signature) };
  }
  if (start.type === "redacted_thinking") return { type: "redacted_thinking", data: readText(start.data) };
  if (start.type !== "tool_use") return null;
  // Some servers give the arguments here, and no pieces.
  const given = readToolInput(JSON.stringify(start.input ?? {}));
  return { type: "tool_use", id: readText(start.id), name: readText(start.name), ...given };
}

function lengthOf(event: RawMessageStreamEvent): number {
  if (event.type === "content_block_start") return JSON.stringify(event.content_block ?? null).length;
  if (event.type !== "content_block_delta") return 0;
  return textOf(event.delta).length;
}

function textOf(delta: RawContentBlockDelta | null): string {
  if (!delta) return "";
  if (delta.type === "text_delta") return readText(delta.text);
  if (delta.type === "thinking_delta") return readText(delta.thinking);
  if (delta.type === "signature_delta") return readText(delta.signature);
  return delta.type === "input_json_delta" ? readText(delta.partial_json) : "";
}

function grow(open: OpenBlock, delta: RawContentBlockDelta | null): ModelDelta | null {
  if (!delta) return null;
  const { block } = open;
  const text = textOf(delta);
  if (delta.type === "text_delta" && block.type === "text") {
    block.text += text;
    return text === "" ? null : { type: "text", text };
  }
  if (delta.type === "thinking_delta" && block.type === "thinking") {
    block.thinking += text;
    return text === "" ? null : { type: "thinking", text };
  }
  if (delta.type === "signature_delta" && block.type === "thinking") block.signature = text;
  if (delta.type === "input_json_delta") open.json += text;
  return null;
}

/** Nothing that could be shown or sent back. */
function isEmpty(block: AssistantBlock): boolean {
  if (block.type === "text") return block.text === "";
  return block.type === "thinking" && block.thinking === "" && block.signature === "";
}
