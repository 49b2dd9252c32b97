import type { ModelProvider, ModelSettings } from "@millrace/contracts";
import { abortable } from "../abortable.ts";
import type { Logger } from "../logger.ts";
import { createDemoModel } from "./demo/demo-model.ts";
import { ModelError, type Model } from "./model.ts";
import { createPacedStarts } from "./paced-starts.ts";
import { unconfiguredError, unfitKeyError } from "./provider-error.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * One alias, ready to answer; keep it, for its connections are its own. A provider's SDK takes about 250 ms to load, so
 * the first answer loads it, and a process that asks no such provider never does. Without a key that can be sent,
 * `respond` rejects.
 */
export function createModel(
  settings: ModelSettings,
  environment: Variables,
  { logger }: { logger?: Logger } = {},
): Model {
  const model = modelOf(settings, environment);
  return {
    settings,
    async respond(request) {
      try {
        return await model.respond(request);
      } catch (error) {
        if (error instanceof ModelError) {
          const { code, retry, retryAfterMs } = error;
          logger?.debug({ model: settings.alias, code, retry, retryAfterMs }, error.message);
        }
        throw error;
      }
    },
  };
}

const SDKS = {
  anthropic: () => import("./anthropic/anthropic-model.ts"),
  openai: () => import("./openai/openai-model.ts"),
};

/** Loads a provider's SDK ahead of its first answer, which would stop everything else for that long. */
export async function loadProvider(provider: ModelProvider): Promise<void> {
  if (provider !== "demo") await SDKS[provider]();
}

/** What no header value may hold (RFC 9110, section 5.5). */
const UNFIT_FOR_HEADER = /[^\t\u0020-\u007e\u0080-\u00ff]/;

function modelOf(settings: ModelSettings, environment: Variables): Model {
  const { provider } = settings;
  if (provider === "demo") return createDemoModel(settings);
  if (!settings.isConfigured) {
    return { settings, respond: () => Promise.reject(unconfiguredError(settings)) };
  }
  // A key out of a file brings the end of its line along.
  const apiKey = (environment[settings.apiKeyVariable ?? ""] ?? "").trim();
  if (UNFIT_FOR_HEADER.test(apiKey)) {
    return { settings, respond: () => Promise.reject(unfitKeyError(settings)) };
  }
  return loadedLater(settings, async () => {
    const { createModelHttp } = await import("./model-http.ts");
    const http = createModelHttp(environment);
    if (provider === "anthropic") {
      const { createAnthropicModel } = await SDKS.anthropic();
      return createAnthropicModel(settings, apiKey, http);
    }
    const { createOpenAiModel } = await SDKS.openai();
    return createOpenAiModel(settings, apiKey, http);
  });
}

function loadedLater(settings: ModelSettings, load: () => Promise<Model>): Model {
  let loading: Promise<Model> | undefined;
  const mayStart = createPacedStarts();
  return {
    settings,
    async respond(request) {
      loading ??= load().catch((error: unknown) => {
        // What failed may go well at the next answer.
        loading = undefined;
        throw error;
      });
      const model = await loading;
      await abortable(mayStart(), request.signal);
      return model.respond(request);
    },
  };
}
