import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import type { AssistantBlock, TurnStopReason } from "@millrace/contracts";
import { ANSWER_LENGTH_MAX, BLOCK_LENGTH, usageAtLength } from "../answer-length.ts";
import { readCount } from "../given-values.ts";
import type { ModelDelta, TokenUsage } from "../model.ts";
import { ToolCallPieces } from "./tool-call-pieces.ts";

/** `reasoning_content` and `reasoning` are vLLM's, Ollama's and others', and in no types. */
type Delta = ChatCompletionChunk.Choice.Delta & { reasoning_content?: unknown; reasoning?: unknown };

const STOP_REASON: Readonly<Record<string, TurnStopReason>> = {
  stop: "end_turn",
  tool_calls: "tool_use",
  function_call: "tool_use",
  length: "max_tokens",
  content_filter: "refusal",
};

/** Puts a turn together from the chunks of its stream. */
export class AnswerReader {
  readonly #said: AssistantBlock[] = [];
  readonly #toolCalls = new ToolCallPieces();
  #usage: TokenUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  #finishReason: string | null = null;
  #isRefusal = false;
  /** Of what was said; the calls come on top. */
  #saidLength = 0;

  /** No more is read. */
  get isFull(): boolean {
    return this.#length > ANSWER_LENGTH_MAX;
  }

  get #length(): number {
    return this.#saidLength + this.#toolCalls.length;
  }

  /** Takes one chunk in; what of it is for the reader of the stream. */
  take(chunk: ChatCompletionChunk): ModelDelta[] {
    const before = this.#length;
    const deltas = this.#read(chunk);
    // Also chunks that bring nothing come to an end.
    if (this.#length === before) this.#saidLength += 1;
    return deltas;
  }

  #read(chunk: ChatCompletionChunk): ModelDelta[] {
    if (chunk.usage) this.#usage = toUsage(chunk.usage);
    // The chunk with the usage has no choice.
    const choice = chunk.choices?.[0];
    if (!choice) return [];
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    const delta = choice.delta as Delta | undefined;
    for (const piece of delta?.tool_calls ?? []) this.#toolCalls.take(piece);
    if (delta?.refusal) this.#isRefusal = true;
    return [
      ...this.#say("thinking", delta?.reasoning_content ?? delta?.reasoning),
      ...this.#say("text", delta?.content),
      ...this.#say("text", delta?.refusal),
    ];
  }

  /** @throws Error when the stream ended too soon. */
  finish(): { content: AssistantBlock[]; stopReason: TurnStopReason; usage: TokenUsage } {
    const reason = this.isFull ? "length" : this.#finishReason;
    if (reason === null) throw new Error("the stream ended before the answer did");
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

/** `prompt_tokens` includes what came from and went to the cache. */
function toUsage({ prompt_tokens, completion_tokens, prompt_tokens_details }: CompletionUsage): TokenUsage {
  const cacheReadTokens = readCount(prompt_tokens_details?.cached_tokens);
  const cacheWriteTokens = readCount(prompt_tokens_details?.cache_write_tokens);
  return {
    inputTokens: Math.max(readCount(prompt_tokens) - cacheReadTokens - cacheWriteTokens, 0),
    outputTokens: readCount(completion_tokens),
    cacheReadTokens,
    cacheWriteTokens,
  };
}
