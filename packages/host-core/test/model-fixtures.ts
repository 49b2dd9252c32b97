import type { ConversationMessage, ModelSettings } from "@millrace/contracts";
import { startModelServer, type ModelScript, type ModelServer, type ScriptedAnswer } from "@millrace/testing";
import { createModel } from "../src/model/create-model.ts";
import { ModelError, type Model, type ModelDelta, type ModelRequest } from "../src/model/model.ts";

export const API_KEY = "sk-test-0123456789";

export type WireProvider = "anthropic" | "openai";

/** Those that speak to a server. */
export const PROVIDERS: readonly WireProvider[] = ["anthropic", "openai"];

/** Far from all that a test waits for. */
const FAR_MS = 60_000;

export function settingsOf(
  provider: WireProvider,
  baseUrl: string | null,
  other: Partial<ModelSettings> = {},
) {
  return {
    alias: "tested",
    provider,
    model: "some-model",
    baseUrl,
    apiKeyVariable: provider === "anthropic" ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY",
    isConfigured: true,
    contextTokens: null,
    maxOutputTokens: 1_000,
    timeoutMs: FAR_MS,
    stallTimeoutMs: FAR_MS,
    thinking: "off",
    price: null,
    ...other,
  } satisfies ModelSettings;
}

/** A model of one provider in front of a scripted server. */
export interface TestedModel extends AsyncDisposable {
  readonly server: ModelServer;
  readonly model: Model;
}

export async function startTestedModel(
  provider: WireProvider,
  answers: ScriptedAnswer | ModelScript["turns"],
  other: Partial<ModelSettings> = {},
): Promise<TestedModel> {
  const turns = Array.isArray(answers) ? answers : [answers];
  const server = await startModelServer({ script: { turns }, apiKey: API_KEY });
  const baseUrl = provider === "anthropic" ? server.url : server.openaiUrl;
  const environment = { ANTHROPIC_API_KEY: API_KEY, OPENAI_API_KEY: API_KEY };
  const model = createModel(settingsOf(provider, baseUrl, other), environment);
  return { server, model, [Symbol.asyncDispose]: () => server.close() };
}

export function userText(text: string): ConversationMessage {
  return { role: "user", content: [{ type: "text", text }] };
}

/** A request, and the deltas that come of it. */
export function requestOf(other: Partial<ModelRequest> = {}): ModelRequest & { deltas: ModelDelta[] } {
  const deltas: ModelDelta[] = [];
  return {
    system: undefined,
    messages: [userText("Hello")],
    tools: [],
    toolChoice: "auto",
    maxTokens: 500,
    temperature: undefined,
    signal: new AbortController().signal,
    onDelta: (delta) => deltas.push(delta),
    ...other,
    deltas,
  };
}

export const ECHO_TOOL = {
  name: "everything__echo",
  description: "Echoes a text",
  parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
};

/** The error that a request ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<ModelError> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ModelError)) throw new Error("not a ModelError", { cause: error });
  return error;
}

/** The text of all deltas of one kind. */
export function textOf(deltas: readonly ModelDelta[], type: ModelDelta["type"] = "text"): string {
  return deltas.flatMap((delta) => (delta.type === type ? [delta.text] : [])).join("");
}
