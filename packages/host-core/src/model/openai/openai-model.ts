import { OpenAI } from "openai";
import type { ModelSettings } from "@millrace/contracts";
import { finishTurn } from "../finish-turn.ts";
import type { Model, ModelRequest, ModelTurn } from "../model.ts";
import type { ModelHttp } from "../model-http.ts";
import { providerError } from "../provider-error.ts";
import { withinLimits, type Attempt } from "../within-limits.ts";
import { describeFailure } from "./describe-failure.ts";
import { createDialect, learnDialect } from "./dialect.ts";
import { AnswerReader } from "./read-answer.ts";
import { toRequest } from "./to-request.ts";

/** Where there is no other base URL. */
const OPENAI_URL = "https://api.openai.com/v1";

/** The SDK insists on a key; a server that wants none ignores it. */
const NO_KEY = "none";

/** A model behind Chat Completions: OpenAI's own, or any compatible server's. An empty `apiKey` is none. */
export function createOpenAiModel(settings: ModelSettings, apiKey: string, http: ModelHttp): Model {
  const baseURL = settings.baseUrl ?? OPENAI_URL;
  const dialect = createDialect(baseURL);
  const client = new OpenAI({
    apiKey: apiKey || NO_KEY,
    baseURL,
    fetch: http.fetch,
    maxRetries: 0,
    // The limits are ours: within-limits.ts. The SDK's own must not come first.
    timeout: settings.timeoutMs * 2,
    logLevel: "off",
  });

  async function stream(request: ModelRequest, { signal, heard }: Attempt): Promise<ModelTurn> {
    const answer = new AnswerReader();
    const chunks = await client.chat.completions.create(toRequest(settings, dialect, request), {
      signal,
      fetchOptions: { dispatcher: http.watched(heard) },
    });
    try {
      for await (const chunk of chunks) {
        for (const delta of answer.take(chunk)) request.onDelta(delta);
        // Leaving the loop closes the stream.
        if (answer.isFull) break;
      }
    } catch (error) {
      // An answer that has said how it ended lacks its usage at most.
      if (signal.aborted || !answer.hasEnded) throw error;
    }
    return finishTurn(answer.finish(), request.messages);
  }

  /** Asks again when the server has said what it wants in place of something. */
  async function streamAsWanted(request: ModelRequest, attempt: Attempt): Promise<ModelTurn> {
    for (;;) {
      try {
        return await stream(request, attempt);
      } catch (error) {
        const failure = describeFailure(error);
        const isRefusal = failure.status === 400 || failure.status === 422;
        if (!isRefusal || !learnDialect(dialect, failure.message))
          throw providerError({ settings, apiKey }, failure);
      }
    }
  }

  return {
    settings,
    respond: (request) =>
      withinLimits(settings, request.signal, (attempt) => streamAsWanted(request, attempt)),
  };
}
