import Anthropic from "@anthropic-ai/sdk";
import { startModelServer, type ModelServer, type ScriptedAnswer } from "@millrace/testing";
import OpenAI from "openai";

/** A server whose script has one turn for each answer. */
export function serve(...turns: (ScriptedAnswer | ScriptedAnswer[])[]): Promise<ModelServer> {
  return startModelServer({ script: { turns } });
}

export function anthropicClient(server: ModelServer, apiKey = "any"): Anthropic {
  return new Anthropic({ baseURL: server.url, apiKey, maxRetries: 0, logLevel: "off" });
}

export function openaiClient(server: ModelServer, apiKey = "any"): OpenAI {
  return new OpenAI({ baseURL: server.openaiUrl, apiKey, maxRetries: 0, logLevel: "off" });
}

/** Client of each provider, asked the same: what a stream of an answer comes to. */
export const ASK = {
  anthropic: async (server: ModelServer, { apiKey, signal, content = "Hello" }: Question = {}) =>
    anthropicClient(server, apiKey)
      .messages.stream(
        { model: "scripted", max_tokens: 100, messages: [{ role: "user", content }] },
        { signal },
      )
      .finalText(),
  openai: async (server: ModelServer, { apiKey, signal, content = "Hello" }: Question = {}) => {
    const stream = await openaiClient(server, apiKey).chat.completions.create(
      { model: "scripted", stream: true, messages: [{ role: "user", content }] },
      { signal },
    );
    let text = "";
    let isFinished = false;
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? "";
      isFinished ||= typeof choices[0]?.finish_reason === "string";
    }
    if (!isFinished) throw new Error("the stream ended without a finish reason");
    return text;
  },
};

interface Question {
  readonly apiKey?: string;
  readonly signal?: AbortSignal;
  readonly content?: string;
}

export const PROVIDERS = ["anthropic", "openai"] as const;
