import type { ModelSettings, TurnUsage } from "@millrace/contracts";
import type { TokenUsage } from "./model.ts";

/** What a turn cost in US dollars, to a billionth; 0 without a price. */
export function costUsd(usage: TokenUsage, price: ModelSettings["price"]): number {
  if (price === null) return 0;
  const dollarsForMillion =
    usage.inputTokens * price.input +
    usage.outputTokens * price.output +
    usage.cacheReadTokens * price.cacheRead +
    usage.cacheWriteTokens * price.cacheWrite;
  // Divided by a million, then rounded to nine places.
  return Math.round(dollarsForMillion * 1_000) / 1_000_000_000;
}

/** A turn's usage as events and jobs show it. */
export function turnUsage(usage: TokenUsage, price: ModelSettings["price"]): TurnUsage {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cost_usd: costUsd(usage, price),
  };
}
