import type { Cancellation, TurnStopReason } from "@millrace/contracts";
import { abortable } from "../abortable.ts";
import { SamplingRefusedError, type Sampler, type SamplingAnswer } from "../connection/questions/sampling.ts";
import { ModelError, type ModelRequest, type ModelTurn } from "../model/model.ts";
import { saidText } from "../model/said-text.ts";
import { turnUsage } from "../model/usage.ts";
import { beginCoolDown, providerKey } from "./cool-down.ts";
import { coolDownMs } from "./retry-policy.ts";
import type { Session } from "./session.ts";
import { costSpent, outputTokensLeft, tokensSpent } from "./stop-conditions.ts";

/** Nothing is offered that an answer could use. */
const STOP_REASON = {
  end_turn: "endTurn",
  tool_use: "endTurn",
  max_tokens: "maxTokens",
  refusal: "refusal",
} as const satisfies Record<TurnStopReason, SamplingAnswer["stopReason"]>;

/**
 * Answers what a tool asks in the middle of its call with the job's own model, within the job's budget and as part of
 * its usage. One attempt: a tool that is refused may ask again, or do without.
 */
export function samplerFor(session: Session, call: Cancellation["completed"][number]): Sampler {
  const { model, state, request, journal } = session;
  return async ({ system, messages, maxTokens, temperature }, signal) => {
    if (tokensSpent(state, request) ?? costSpent(state, request)) {
      throw new SamplingRefusedError("the budget of the job is spent");
    }
    await refuseInCoolDown(session);
    const left = outputTokensLeft(state, request, model.settings.maxOutputTokens);
    const answer = await respond(session, {
      system,
      messages,
      tools: [],
      toolChoice: "auto",
      maxTokens: Math.min(maxTokens, left),
      temperature,
      signal: AbortSignal.any([signal, session.signal]),
      onDelta: () => {},
    });
    const usage = turnUsage(answer.usage, model.settings.price);
    // What was paid for is stored before the tool hears of it.
    await journal.note({ type: "tool.sampled", ...call, model: model.settings.alias, usage });
    const text = saidText(answer.message.content);
    return { model: model.settings.alias, text, stopReason: STOP_REASON[answer.stopReason] };
  };
}

async function refuseInCoolDown({ model, coolDowns, clock, signal }: Session): Promise<void> {
  const until = await abortable(coolDowns.until(providerKey(model)), signal);
  if (until !== null && until > clock.now()) {
    throw new SamplingRefusedError("the model's provider asks to wait: try again later");
  }
}

async function respond(session: Session, request: ModelRequest): Promise<ModelTurn> {
  try {
    return await abortable(session.model.respond(request), request.signal);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    if (error.retry === "cool_down") await beginCoolDown(session, coolDownMs(error, 1, Math.random()));
    throw new SamplingRefusedError(`the model gave no answer: ${error.message}`);
  }
}
