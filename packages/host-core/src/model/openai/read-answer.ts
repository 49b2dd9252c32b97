import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import type { AssistantBlock, JsonObject, TurnStopReason } from "@millrace/contracts";
import { ANSWER_LENGTH_MAX, BLOCK_LENGTH, usageAtLength } from "../answer-length.ts";
import { readList, readObject, readText } from "../given-values.ts";
import type { ModelDelta, TokenUsage } from "../model.ts";
import { laterUsage, NO_USAGE } from "./read-usage.ts";
import { ToolCallPieces } from "./tool-call-pieces.ts";

const STOP_REASON: ReadonlyMap<string, TurnStopReason> = new Map([
  ["stop", "end_turn"],
  ["tool_calls", "tool_use"],
  ["function_call", "tool_use"],
  ["length", "max_tokens"],
  ["content_filter", "refusal"],
  // Mistral's models, at the end of their context.
  ["model_length", "max_tokens"],
  // Gateways pass on the words of Anthropic's and Gemini's own APIs.
  ["max_tokens", "max_tokens"],
  ["refusal", "refusal"],
  ["safety", "refusal"],
]);

/** How servers say that they broke an answer off themselves: OpenRouter, vLLM, DeepSeek. */
const BROKEN_OFF: ReadonlySet<string> = new Set(["error", "abort", "insufficient_system_resource"]);

/** Puts a turn together from the chunks of its stream. */
export class AnswerReader {
  readonly #said: AssistantBlock[] = [];
  readonly #toolCalls = new ToolCallPieces();
  #usage: TokenUsage = NO_USAGE;
  /** Empty until there is one. */
  #finishReason = "";
  #isRefusal = false;
  /** Characters of what was said; those of the calls come on top. */
  #saidLength = 0;

  /** No more is read. */
  get isFull(): boolean {
    return this.#length > ANSWER_LENGTH_MAX;
  }

  /** It has said how it ended. */
  get hasEnded(): boolean {
    return this.#finishReason !== "";
  }

  get #length(): number {
    return this.#saidLength + this.#toolCalls.length;
  }

  /** Takes one chunk in; what of it is for the reader of the stream. */
  take(chunk: ChatCompletionChunk): ModelDelta[] {
    const before = this.#length;
    const deltas = this.#read(readObject(chunk));
    // Also chunks that bring nothing come to an end.
    if (this.#length === before) this.#saidLength += 1;
    return deltas;
  }

  /** `reasoning_content` and `reasoning` are vLLM's, Ollama's and others', and in no types. */
  #read(chunk: JsonObject): ModelDelta[] {
    // The chunk with the usage has no choice.
    const choice = readObject(readList(chunk["choices"])[0]);
    this.#usage = laterUsage(this.#usage, chunk, choice);
    // Some servers say all at once, as if nobody had asked for a stream.
    const { finish_reason: reason, message, delta = message } = choice;
    this.#finishReason = readText(reason) || this.#finishReason;
    const { tool_calls: pieces, reasoning_content, reasoning, content, refusal } = readObject(delta);
    for (const piece of readList(pieces)) this.#toolCalls.take(readObject(piece));
    if (refusal) this.#isRefusal = true;
    return [
      ...this.#say("thinking", reasoning_content ?? reasoning),
      ...partsOf(content).flatMap(({ type, text }) => this.#say(type, text)),
      ...this.#say("text", refusal),
    ];
  }

  /** @throws Error when the stream ended too soon. */
  finish(): { content: AssistantBlock[]; stopReason: TurnStopReason; usage: TokenUsage } {
    const reason = this.isFull ? "length" : this.#finishReason;
    if (reason === "") throw new Error("the stream ended before the answer did");
    if (BROKEN_OFF.has(reason)) throw new Error(`the server broke its answer off: finish_reason "${reason}"`);
    return {
      content: [...this.#said, ...this.#toolCalls.finish()],
      stopReason: this.#isRefusal ? "refusal" : (STOP_REASON.get(reason.toLowerCase()) ?? "end_turn"),
      usage: this.isFull ? usageAtLength(this.#usage, this.#length) : this.#usage,
    };
  }

  #say(type: ModelDelta["type"], text: unknown): ModelDelta[] {
    if (typeof text !== "string" || text === "") return [];
    this.#saidLength += text.length;
    const last = this.#said.at(-1);
    if (type === "text" && last?.type === "text") last.text += text;
    else if (type === "thinking" && last?.type === "thinking") last.thinking += text;
    else {
      this.#saidLength += BLOCK_LENGTH;
      this.#said.push(type === "text" ? { type, text } : { type, thinking: text, signature: "" });
    }
    return [{ type, text }];
  }
}

/** A text, or a list of parts, in which Mistral's models have their thinking as well. */
function partsOf(content: unknown): ModelDelta[] {
  if (!Array.isArray(content)) return [{ type: "text", text: readText(content) }];
  return content.map(readObject).flatMap(({ type, text, thinking }): ModelDelta[] => {
    if (type === "text") return [{ type, text: readText(text) }];
    if (type !== "thinking") return [];
    return readList(thinking).map((part) => ({ type, text: readText(readObject(part)["text"]) }));
  });
}
