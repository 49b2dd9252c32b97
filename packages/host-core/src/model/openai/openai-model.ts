import { OpenAI } from "openai";
import type { ModelSettings } from "@millrace/contracts";
import { finishTurn } from "../finish-turn.ts";
import type { Model, ModelRequest, ModelTurn } from "../model.ts";
import type { ModelHttp } from "../model-http.ts";
import { providerError } from "../provider-error.ts";
import { withinLimits, type Attempt } from "../within-limits.ts";
import { describeFailure } from "./describe-failure.ts";
import { AnswerReader } from "./read-answer.ts";
import { OPENAI_URL, toRequest } from "./to-request.ts";

/** The SDK insists on a key; a server that wants none ignores it. */
const NO_KEY = "none";

/** A model behind Chat Completions: OpenAI's own, or any compatible server's. An empty `apiKey` is none. */
export function createOpenAiModel(settings: ModelSettings, apiKey: string, http: ModelHttp): Model {
  const client = new OpenAI({
    apiKey: apiKey || NO_KEY,
    baseURL: settings.baseUrl ?? OPENAI_URL,
    fetch: http.fetch,
    maxRetries: 0,
    // The limits are ours: within-limits.ts. The SDK's own must not come first.
    timeout: settings.timeoutMs * 2,
    logLevel: "off",
  });

  async function stream(request: ModelRequest, { signal, heard }: Attempt): Promise<ModelTurn> {
    const answer = new AnswerReader();
    const chunks = await client.chat.completions.create(toRequest(settings, request), {
      signal,
      fetchOptions: { dispatcher: http.watched(heard) },
    });
    for await (const chunk of chunks) {
      for (const delta of answer.take(chunk)) request.onDelta(delta);
      // Leaving the loop closes the stream.
      if (answer.isFull) break;
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
