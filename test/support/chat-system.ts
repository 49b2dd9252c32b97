import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerSettings } from "@millrace/host-core";
import { startModelServer, type ModelServer } from "@millrace/testing";
import { expect } from "vitest";
import type { HttpClient } from "./http-client.ts";
import { startInstallation, type Installation } from "./installation.ts";
import type { LogLines } from "./log-lines.ts";
import { startWorker, type TestWorker } from "./test-worker.ts";

/** What both providers take; it must not be found in anything that anybody can read. */
export const MODEL_KEY = "model-key-b7c41f0e93";

/** The price of both models, in US dollars for a million tokens. */
export const PRICE = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 };

const NOTHING_TO_SAY = { turns: [{ text: "nothing to say" }] };

export interface ChatSystemOptions {
  redisUrl: string;
  servers: ServerSettings[];
  /** Further settings of both models in the models file, such as `stall_timeout`. */
  model?: object;
  /** Further settings of a second alias of each, `claude-hasty` and `gpt-hasty`; without them there is none. */
  hasty?: object;
  api?: Record<string, string>;
  worker?: Record<string, string>;
}

/** An api, a worker, and a scripted server for each provider, reached through its own SDK. */
export interface ChatSystem extends AsyncDisposable {
  readonly installation: Installation;
  readonly client: HttpClient;
  /** Answers for the alias `claude`, which is the default. */
  readonly anthropic: ModelServer;
  /** Answers for the alias `gpt`. */
  readonly openai: ModelServer;
  /** One more worker, with the same settings; it is closed with the system. */
  startWorker(): Promise<TestWorker>;
  close(): Promise<void>;
}

export async function startChatSystem(options: ChatSystemOptions): Promise<ChatSystem> {
  const { servers } = options;
  await using stack = new AsyncDisposableStack();
  const startModel = async () =>
    stack.use(await startModelServer({ script: NOTHING_TO_SAY, apiKey: MODEL_KEY }));
  const [anthropic, openai] = [await startModel(), await startModel()];
  const models = {
    ANTHROPIC_API_KEY: MODEL_KEY,
    ANTHROPIC_BASE_URL: anthropic.url,
    OPENAI_API_KEY: MODEL_KEY,
    OPENAI_BASE_URL: openai.openaiUrl,
    MODELS_CONFIG_FILE: await writeModelsFile(stack, options),
  };
  const worker = { ...models, ...options.worker };
  const api = { ...models, ...options.api };
  const installation = stack.use(await startInstallation({ ...options, api, worker }));
  const logs = [installation.api.log, ...(installation.worker ? [installation.worker.log] : [])];
  stack.defer(() => expectNoKey(logs));

  const parts = stack.move();
  const close = () => parts.disposeAsync();
  return {
    installation,
    client: installation.api.client,
    anthropic,
    openai,
    async startWorker() {
      const another = parts.use(await startWorker(servers, { ...installation.environment, ...worker }));
      logs.push(another.log);
      return another;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function writeModelsFile(
  stack: AsyncDisposableStack,
  { model: settings = {}, hasty }: Pick<ChatSystemOptions, "model" | "hasty">,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-models-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const path = join(folder, "models.json");
  const shared = { price_per_million_tokens: PRICE, max_output_tokens: 4_096, ...settings };
  const claude = { provider: "anthropic", model: "claude-scripted", ...shared };
  const gpt = { provider: "openai", model: "gpt-scripted", ...shared };
  const more = hasty ? { "claude-hasty": { ...claude, ...hasty }, "gpt-hasty": { ...gpt, ...hasty } } : {};
  await writeFile(path, JSON.stringify({ models: { claude, gpt, ...more } }));
  return path;
}

/** Whatever a file's tests did, no log line may show the key. */
function expectNoKey(logs: readonly LogLines[]): void {
  const lines = logs.flatMap(({ lines: all }) => all);
  expect(lines.filter((line) => JSON.stringify(line).includes(MODEL_KEY))).toEqual([]);
}
