import { Anthropic } from "@anthropic-ai/sdk";
import type { ModelSettings } from "@millrace/contracts";
import { finishTurn } from "../finish-turn.ts";
import type { Model, ModelRequest, ModelTurn } from "../model.ts";
import type { ModelHttp } from "../model-http.ts";
import { providerError } from "../provider-error.ts";
import { withinLimits, type Attempt } from "../within-limits.ts";
import { describeFailure } from "./describe-failure.ts";
import { AnswerReader } from "./read-answer.ts";
import { requestHeaders, toRequest } from "./to-request.ts";

/** A model behind Anthropic's Messages API. */
export function createAnthropicModel(settings: ModelSettings, apiKey: string, http: ModelHttp): Model {
  const client = new Anthropic({
    apiKey,
    baseURL: settings.baseUrl ?? "https://api.anthropic.com",
    fetch: http.fetch,
    maxRetries: 0,
    // The limits are ours: within-limits.ts. The SDK's own must not come first.
    timeout: settings.timeoutMs * 2,
    // It would write answers of the model to the console.
    logLevel: "off",
  });

  async function stream(request: ModelRequest, { signal, heard }: Attempt): Promise<ModelTurn> {
    const answer = new AnswerReader();
    const events = await client.messages.create(toRequest(settings, request), {
      signal,
      headers: requestHeaders(request),
      fetchOptions: { dispatcher: http.watched(heard) },
    });
    try {
      for await (const event of events) {
        const delta = answer.take(event);
        if (delta) request.onDelta(delta);
        // Leaving the loop closes the stream.
        if (answer.isFull) break;
      }
    } catch (error) {
      // An answer that has said how it ended lacks nothing.
      if (signal.aborted || !answer.hasEnded) throw error;
    }
    return finishTurn(answer.finish(), request.messages);
  }

  return {
    settings,
    respond: (request) =>
      withinLimits(settings, request.signal, async (attempt) => {
        try {
          return await stream(request, attempt);
        } catch (error) {
          throw providerError({ settings, apiKey }, describeFailure(error));
        }
      }),
  };
}
