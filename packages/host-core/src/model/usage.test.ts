import { expect, test } from "vitest";
import { costUsd, turnUsage } from "./usage.ts";

const usage = { inputTokens: 1_000, outputTokens: 200, cacheReadTokens: 5_000, cacheWriteTokens: 40 };
const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };

test("[model.usage.cost] each kind of token has its price for a million", () => {
  expect(costUsd(usage, price)).toBe(0.00765);
});

test("[model.usage.cost] a cost is exact to a billionth of a dollar", () => {
  const one = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 1 };
  expect(costUsd(one, { input: 0.1, output: 0.2, cacheRead: 0.001, cacheWrite: 0.0004 })).toBe(0.000_000_301);
});

test("[model.usage.cost] without a price the cost is 0", () => {
  expect(turnUsage(usage, null)).toEqual({
    input_tokens: 1_000,
    output_tokens: 200,
    cache_read_tokens: 5_000,
    cache_write_tokens: 40,
    cost_usd: 0,
  });
});
