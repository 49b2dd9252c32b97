import { z } from "zod";

/** What the model's turns of a job have taken; costs in US dollars. */
export const Usage = z
  .object({
    input_tokens: z.int(),
    output_tokens: z.int(),
    cache_read_tokens: z.int(),
    cache_write_tokens: z.int(),
    turns: z.int(),
    tool_calls: z.int(),
    cost_usd: z.number(),
  })
  .meta({ id: "Usage" });
export type Usage = z.infer<typeof Usage>;

/** What one model turn took; `turns` and `tool_calls` are the job's to count. */
export const TurnUsage = Usage.omit({ turns: true, tool_calls: true });
export type TurnUsage = z.infer<typeof TurnUsage>;

export const NO_USAGE: Usage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  turns: 0,
  tool_calls: 0,
  cost_usd: 0,
};

/** The sum with one more answer of a model, which counts as a turn only where the caller says so. */
export function addUsage(sum: Usage, turn: TurnUsage): Usage {
  return {
    ...sum,
    input_tokens: sum.input_tokens + turn.input_tokens,
    output_tokens: sum.output_tokens + turn.output_tokens,
    cache_read_tokens: sum.cache_read_tokens + turn.cache_read_tokens,
    cache_write_tokens: sum.cache_write_tokens + turn.cache_write_tokens,
    // To a billionth, as turns have it: sums of fractions drift.
    cost_usd: Math.round((sum.cost_usd + turn.cost_usd) * 1e9) / 1e9,
  };
}
