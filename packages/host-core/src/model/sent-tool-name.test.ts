import type { ConversationMessage, ModelSettings } from "@millrace/contracts";
import { expect, test } from "vitest";
import { toRequest } from "./anthropic/to-request.ts";
import { createDialect } from "./openai/dialect.ts";
import { toMessages } from "./openai/to-messages.ts";

test("[model.requests.names] calls by names that no provider takes go back under names that all of them take", () => {
  const names = ["files__read", "functions.read", "", "x".repeat(80)];
  const content = names.map((name, n) => ({ type: "tool_use" as const, id: `call_${n}`, name, input: {} }));
  const messages: ConversationMessage[] = [{ role: "assistant", content }];
  const sent = ["files__read", "functions_read", "nameless", "x".repeat(64)];
  expect(toMessages(undefined, messages, createDialect("http://127.0.0.1/v1"))).toMatchObject([
    { tool_calls: sent.map((name) => ({ function: { name } })) },
  ]);
  const settings = { thinking: "off" } as ModelSettings;
  const { signal } = new AbortController();
  const plain = {
    system: undefined,
    tools: [],
    toolChoice: "auto",
    maxTokens: 1,
    temperature: undefined,
  } as const;
  const request = toRequest(settings, { ...plain, messages, signal, onDelta: () => {} });
  expect(request.messages).toMatchObject([{ content: sent.map((name) => ({ name })) }]);
});
