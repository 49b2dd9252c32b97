import type { TokenUsage } from "./model.ts";

/**
 * Characters of text, thinking and arguments that one answer may have; what is longer is cut off as by its token limit.
 * About a million tokens: no model gives so many, but a server that ignores `max_tokens` may never end.
 */
export const ANSWER_LENGTH_MAX = 4 * 1_024 * 1_024;

/** What a block counts besides its text, as in JSON: very many that are empty make an answer long as well. */
export const BLOCK_LENGTH = 50;

/** About as many as English text and code have. */
const CHARACTERS_PER_TOKEN = 4;

/** The usage of an answer that was cut off at `length` characters: providers tell it at the end, which never came. */
export function usageAtLength(usage: TokenUsage, length: number): TokenUsage {
  const outputTokens = Math.max(usage.outputTokens, Math.ceil(length / CHARACTERS_PER_TOKEN));
  return { ...usage, outputTokens };
}
