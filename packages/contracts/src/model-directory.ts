import { parseConfigFile } from "./config-file.ts";
import { DEFAULT_MODEL, ModelsConfig, type ModelConfig, type ModelProvider } from "./models-config.ts";

/** One alias, resolved: what the api shows and the worker uses. Durations are milliseconds. */
export interface ModelSettings {
  readonly alias: string;
  readonly provider: ModelProvider;
  readonly model: string;
  readonly baseUrl: string | null;
  readonly apiKeyVariable: string | null;
  /** Whether its key, or a base URL that needs none, is there. */
  readonly isConfigured: boolean;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly thinking: "off" | "adaptive";
  /** US dollars for a million tokens. */
  readonly price: { input: number; output: number; cacheRead: number; cacheWrite: number } | null;
}

const VARIABLES = {
  anthropic: { key: "ANTHROPIC_API_KEY", baseUrl: "ANTHROPIC_BASE_URL" },
  openai: { key: "OPENAI_API_KEY", baseUrl: "OPENAI_BASE_URL" },
} as const;

const DEFAULT_MAX_OUTPUT_TOKENS = 8_192;

/** What there is without a file. */
const DEMO: ModelConfig = { provider: "demo", timeout: 600, stall_timeout: 60, thinking: "off" };

type Variables = Readonly<Record<string, string | undefined>>;

function resolveModel(alias: string, config: ModelConfig, environment: Variables): ModelSettings {
  const variables = config.provider === "demo" ? null : VARIABLES[config.provider];
  const apiKeyVariable = config.api_key_env ?? variables?.key ?? null;
  const baseUrl = config.base_url ?? (variables && environment[variables.baseUrl]) ?? null;
  const hasKey = apiKeyVariable !== null && (environment[apiKeyVariable] ?? "").trim() !== "";
  const price = config.price_per_million_tokens;
  return {
    alias,
    provider: config.provider,
    model: config.model ?? config.provider,
    baseUrl,
    apiKeyVariable,
    // A server of one's own mostly wants no key.
    isConfigured: variables === null || hasKey || (config.provider === "openai" && baseUrl !== null),
    contextTokens: config.context_tokens ?? null,
    maxOutputTokens: config.max_output_tokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    timeoutMs: config.timeout * 1_000,
    stallTimeoutMs: config.stall_timeout * 1_000,
    thinking: config.thinking,
    price: price
      ? {
          input: price.input,
          output: price.output,
          cacheRead: price.cache_read ?? price.input,
          cacheWrite: price.cache_write ?? price.input,
        }
      : null,
  };
}

/** The models of a file, by alias, in its order; the one that `default` stands for comes first. */
export class ModelDirectory {
  readonly models: readonly ModelSettings[];
  /** The first configured one of Anthropic, else of an OpenAI-compatible server, else the demo. */
  readonly default: ModelSettings;

  constructor(config: ModelsConfig, environment: Variables) {
    const models = Object.entries(config.models).map(([alias, model]) =>
      resolveModel(alias, model, environment),
    );
    if (!models.some(({ provider }) => provider === "demo")) models.push(resolveModel("demo", DEMO, {}));
    const first = (wanted: ModelProvider) =>
      models.find(({ provider, isConfigured }) => provider === wanted && isConfigured);
    const chosen = first("anthropic") ?? first("openai") ?? first("demo");
    if (!chosen) throw new Error("there is always a demo model");
    this.models = models;
    this.default = chosen;
  }

  /** Undefined when there is no such alias. */
  find(alias: string = DEFAULT_MODEL): ModelSettings | undefined {
    return alias === DEFAULT_MODEL ? this.default : this.models.find((model) => model.alias === alias);
  }

  /** The aliases that a request may use. */
  get aliases(): string[] {
    return [DEFAULT_MODEL, ...this.models.map(({ alias }) => alias)];
  }
}

/** Where the models file is looked for unless MODELS_CONFIG_FILE names another. */
export const DEFAULT_MODELS_CONFIG_FILE = "config/models.json";

/**
 * Reads the text of a models file; null when there is no file, which leaves the demo alone.
 * @throws ConfigError that names the file and every wrong path.
 */
export function parseModels(text: string | null, path: string, environment: Variables): ModelDirectory {
  if (text === null) return new ModelDirectory({ models: {} }, environment);
  return new ModelDirectory(parseConfigFile(ModelsConfig, path, text), environment);
}
