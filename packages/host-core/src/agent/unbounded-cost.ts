import type { Session } from "./session.ts";
import type { Step } from "./agent-state.ts";

/** What a reader should know of a budget in dollars, where nobody knows what a token costs. The demo's cost nothing. */
export function warnOfUnboundedCost({
  model,
  request,
}: Pick<Session, "model" | "request">): Step<"job.warning">[] {
  const { alias, provider, price } = model.settings;
  if (request.budget?.max_cost_usd === undefined || price !== null || provider === "demo") return [];
  const message = `The model "${alias}" has no price, so max_cost_usd bounds nothing. Give it "price_per_million_tokens" in the models file, or give the job a budget of max_tokens.`;
  return [{ type: "job.warning", code: "no_price", message }];
}
