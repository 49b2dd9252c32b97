import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import type { AssistantBlock, TurnStopReason } from "@millrace/contracts";
import { ANSWER_LENGTH_MAX, BLOCK_LENGTH, usageAtLength } from "../answer-length.ts";
import { readCount, readList, readObject, readText } from "../given-values.ts";
import type { ModelDelta, TokenUsage } from "../model.ts";
import { ToolCallPieces } from "./tool-call-pieces.ts";

const STOP_REASON: Readonly<Record<string, TurnStopReason>> = {
  stop: "end_turn",
  tool_calls: "tool_use",
  function_call: "tool_use",
  length: "max_tokens",
  content_filter: "refusal",
};

/** How servers say that they broke an answer off themselves: OpenRouter, vLLM, DeepSeek. */
const BROKEN_OFF: ReadonlySet<string> = new Set(["error", "abort", "insufficient_system_resource"]);

/** Puts a turn together from the chunks of its stream. */
export class AnswerReader {
  readonly #said: AssistantBlock[] = [];
  readonly #toolCalls = new ToolCallPieces();
  #usage: TokenUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
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
  #read({ usage, choices }: Partial<Record<keyof ChatCompletionChunk, unknown>>): ModelDelta[] {
    if (usage) this.#usage = toUsage(readObject(usage));
    // The chunk with the usage has no choice.
    const { finish_reason: reason, delta } = readObject(readList(choices)[0]);
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
      stopReason: this.#isRefusal ? "refusal" : (STOP_REASON[reason] ?? "end_turn"),
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

/** `prompt_tokens` includes what came from and went to the cache. */
function toUsage(given: Partial<Record<keyof CompletionUsage, unknown>>): TokenUsage {
  const { prompt_tokens, completion_tokens, prompt_tokens_details } = given;
  const { cached_tokens, cache_write_tokens } = readObject(prompt_tokens_details);
  const cacheReadTokens = readCount(cached_tokens);
  const cacheWriteTokens = readCount(cache_write_tokens);
  return {
    inputTokens: Math.max(readCount(prompt_tokens) - cacheReadTokens - cacheWriteTokens, 0),
    outputTokens: readCount(completion_tokens),
    cacheReadTokens,
    cacheWriteTokens,
  };
}
