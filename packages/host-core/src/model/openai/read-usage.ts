import type { JsonObject } from "@millrace/contracts";
import { readCount, readObject } from "../given-values.ts";
import type { TokenUsage } from "../model.ts";

export const NO_USAGE: TokenUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
};

/** Servers may count as they go, and some end with zeros: what was counted stays. */
export function laterUsage(before: TokenUsage, chunk: JsonObject, choice: JsonObject): TokenUsage {
  // Moonshot has it in the choice, and Groq in a member of its own.
  const given = chunk["usage"] ?? choice["usage"] ?? readObject(chunk["x_groq"])["usage"];
  if (!given) return before;
  const usage = toUsage(readObject(given));
  return sumOf(usage) < sumOf(before) ? before : usage;
}

/** `prompt_tokens` includes what came from and went to the cache. */
function toUsage(given: JsonObject): TokenUsage {
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = given;
  const { cached_tokens, cache_write_tokens } = readObject(prompt_tokens_details);
  const cacheReadTokens = readCount(cached_tokens);
  const cacheWriteTokens = readCount(cache_write_tokens);
  const promptTokens = readCount(prompt_tokens);
  return {
    inputTokens: Math.max(promptTokens - cacheReadTokens - cacheWriteTokens, 0),
    // Gemini and xAI count thinking, which is paid for as output, in the total alone.
    outputTokens: Math.max(readCount(completion_tokens), readCount(total_tokens) - promptTokens),
    cacheReadTokens,
    cacheWriteTokens,
  };
}

function sumOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: TokenUsage): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
}
