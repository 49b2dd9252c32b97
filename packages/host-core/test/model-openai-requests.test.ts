import type { ConversationMessage, ToolChoice } from "@millrace/contracts";
import { describe, expect, test } from "vitest";
import { createDialect } from "../src/model/openai/dialect.ts";
import { toRequest } from "../src/model/openai/to-request.ts";
import { CONVERSATION, PDF, PNG, sent } from "./model-conversation.ts";
import { ECHO_TOOL, failureOf, requestOf, settingsOf, startTestedModel } from "./model-fixtures.ts";

describe("openai", () => {
  test("[model.openai.request] a conversation is translated: calls, results, and what a result may not hold", async () => {
    const { body } = await sent("openai", { system: "Be brief", messages: CONVERSATION, tools: [ECHO_TOOL] });
    expect(body).toMatchObject({
      model: "some-model",
      max_tokens: 500,
      stream_options: { include_usage: true },
    });
    expect(body).not.toHaveProperty("max_completion_tokens");
    expect(body["messages"]).toEqual([
      { role: "system", content: "Be brief" },
      { role: "user", content: "Look at both" },
      {
        role: "assistant",
        content: "I look",
        tool_calls: [
          { id: "call_1", type: "function", function: { name: ECHO_TOOL.name, arguments: '{"text":"a"}' } },
          { id: "call_2", type: "function", function: { name: ECHO_TOOL.name, arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "A picture" },
      { role: "tool", tool_call_id: "call_2", content: "Error: No JSON" },
      {
        role: "user",
        content: [
          { type: "text", text: "Attached to the result of tool call call_1:" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG.data}` } },
          { type: "text", text: "Attached to the result of tool call call_2:" },
          {
            type: "file",
            file: { filename: "report.pdf", file_data: `data:application/pdf;base64,${PDF.data}` },
          },
          { type: "text", text: "And now?" },
        ],
      },
    ]);
  });

  test("[model.openai.request] a text document becomes text, an image by its URL stays one", async () => {
    const content: ConversationMessage["content"] = [
      {
        type: "document",
        title: "Notes",
        source: { type: "text", media_type: "text/plain", data: "Buy milk" },
      },
      { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
    ];
    const { body } = await sent("openai", { messages: [{ role: "user", content }] });
    expect(body["messages"]).toMatchObject([
      {
        content: [
          { type: "text", text: "Notes\n\nBuy milk" },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
        ],
      },
    ]);
  });

  test("[model.openai.request] a document by its URL is rejected with the cure, and nothing is sent", async () => {
    await using tested = await startTestedModel("openai", {});
    const source = { type: "url", url: "https://example.com/a.pdf" } as const;
    const messages: ConversationMessage[] = [{ role: "user", content: [{ type: "document", source }] }];
    const error = await failureOf(tested.model.respond(requestOf({ messages })));
    expect(error).toMatchObject({ code: "provider_rejected", retry: "never" });
    expect(error.message).toMatch(/example\.com\/a\.pdf.*base64/);
    expect(tested.server.requests).toEqual([]);
  });

  test.each<[ToolChoice, unknown]>([
    ["auto", "auto"],
    ["any", "required"],
    ["none", "none"],
    [
      { type: "tool", name: ECHO_TOOL.name },
      { type: "function", function: { name: ECHO_TOOL.name } },
    ],
  ])("[model.openai.tool-choice] %j", async (toolChoice, expected) => {
    const { body } = await sent("openai", { tools: [ECHO_TOOL], toolChoice, temperature: 0.2 });
    expect(body).toMatchObject({ tool_choice: expected, temperature: 0.2 });
    expect(body["tools"]).toEqual([{ type: "function", function: ECHO_TOOL }]);
  });
});

test.each([
  ["https://api.openai.com/v1", "max_completion_tokens"],
  ["https://eu.api.openai.com/v1", "max_completion_tokens"],
  ["http://127.0.0.1:11434/v1", "max_tokens"],
])("[model.openai.token-limit] the server at %s is told %s", (baseUrl, field) => {
  const body = toRequest(settingsOf("openai", baseUrl), createDialect(baseUrl), requestOf());
  expect(Object.keys(body).filter((name) => name.includes("tokens"))).toEqual([field]);
});
