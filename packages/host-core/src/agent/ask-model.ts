import type { JobError, JobStep, ToolChoice } from "@millrace/contracts";
import { abortable } from "../abortable.ts";
import { ModelError, type ModelTurn } from "../model/model.ts";
import { awaitCoolDown, beginCoolDown } from "./cool-down.ts";
import { DeltaBuffer } from "./delta-buffer.ts";
import { pause } from "../pause.ts";
import { decideRetry, type RetryDecision } from "./retry-policy.ts";
import type { Session } from "./session.ts";
import { outputTokensLeft } from "./stop-conditions.ts";
import type { ToolOffer } from "./tool-offer.ts";

/** `lastDeltas`: pieces of the answer that are not written yet. */
interface Answer {
  readonly status: "answered";
  readonly answer: ModelTurn;
  readonly lastDeltas: readonly JobStep[];
}

export type TurnOutcome =
  | Answer
  | { readonly status: "failed"; readonly error: JobError }
  | { readonly status: "yielded" }
  | { readonly status: "cooling_down"; /** Milliseconds since 1970. */ readonly until: number };

/** One turn of the model, tried again as its faults allow. */
export async function askModel(
  session: Session,
  offer: ToolOffer,
  toolChoice: ToolChoice,
): Promise<TurnOutcome> {
  for (let backoffs = 0; ;) {
    // Here all that has begun is written down, a turn that failed as well.
    if (session.draining?.aborted) return { status: "yielded" };
    const until = await awaitCoolDown(session);
    if (until !== null) return { status: "cooling_down", until };
    const attempt = await attemptTurn(session, offer, toolChoice);
    if (attempt.status === "answered") return attempt;

    const { fault } = attempt;
    if (fault.retry === "backoff") backoffs += 1;
    const failures = { backoffs, total: session.state.retries + 1 };
    const decision = decideRetry(fault, failures, Math.random());
    if (decision.action === "fail") return { status: "failed", error: decision.error };
    await prepareRetry(session, fault, decision);
  }
}

async function attemptTurn(
  session: Session,
  offer: ToolOffer,
  toolChoice: ToolChoice,
): Promise<Answer | { readonly status: "failed"; readonly fault: ModelError }> {
  const { model, state, request, journal, signal, clock } = session;
  const turn = state.usage.turns + 1;
  void journal.note({ type: "turn.started", turn, model: model.settings.alias });
  const deltas = new DeltaBuffer({ turn, clock, write: (step) => journal.note(step) });
  session.isModelAnswering = true;
  try {
    const responding = model.respond({
      system: request.system,
      messages: state.conversation.messages,
      tools: offer.tools,
      toolChoice,
      maxTokens: outputTokensLeft(state, request, model.settings.maxOutputTokens),
      temperature: request.temperature,
      signal,
      onDelta: (delta) => deltas.add(delta),
    });
    const answer = await abortable(responding, signal);
    return { status: "answered", answer, lastDeltas: deltas.drain() };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    if (deltas.hasWritten) void journal.note({ type: "turn.discarded", turn, reason: error.message });
    return { status: "failed", fault: error };
  } finally {
    deltas.stop();
    // What an abort cuts off stays marked, for the report of it.
    if (!signal.aborted) session.isModelAnswering = false;
  }
}

async function prepareRetry(
  session: Session,
  fault: ModelError,
  { action, forMs }: Exclude<RetryDecision, { action: "fail" }>,
): Promise<void> {
  const message = `${fault.message} Trying again in ${(forMs / 1_000).toFixed(1)} s.`;
  void session.journal.note({ type: "job.warning", code: "model_retry", message });
  if (action === "wait") await pause(forMs, session.signal);
  else await beginCoolDown(session, forMs);
}
