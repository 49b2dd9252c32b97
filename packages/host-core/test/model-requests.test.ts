import type { ConversationMessage, ToolChoice } from "@millrace/contracts";
import { describe, expect, test } from "vitest";
import type { ModelRequest } from "../src/model/model.ts";
import { toRequest as toOpenAiRequest } from "../src/model/openai/to-request.ts";
import {
  ECHO_TOOL,
  failureOf,
  PROVIDERS,
  requestOf,
  settingsOf,
  startTestedModel,
  userText,
  type WireProvider,
} from "./model-fixtures.ts";

const PNG = { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } as const;
const PDF = { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQ=" } as const;

/** What a server gets for a request. It refuses what the provider itself would refuse. */
async function sent(
  provider: WireProvider,
  request: Partial<ModelRequest>,
  settings: { thinking?: "adaptive" } = {},
) {
  await using tested = await startTestedModel(provider, { text: "Hello" }, settings);
  await tested.model.respond(requestOf(request));
  const [recorded] = tested.server.requests;
  if (!recorded) throw new Error("nothing was sent");
  return recorded;
}

/** With thinking, two tool calls, and their results: text, an image, a document, and an error. */
const CONVERSATION: ConversationMessage[] = [
  userText("Look at both"),
  {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "Both", signature: "signed" },
      { type: "thinking", thinking: "Of another provider", signature: "" },
      { type: "redacted_thinking", data: "secret" },
      { type: "text", text: "I look" },
      { type: "text", text: "" },
      { type: "tool_use", id: "call_1", name: ECHO_TOOL.name, input: { text: "a" } },
      { type: "tool_use", id: "call_2", name: ECHO_TOOL.name, input: {}, malformed_input: "{oops" },
    ],
  },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "call_1",
        content: [
          { type: "text", text: "A picture" },
          { type: "image", source: PNG },
        ],
        is_error: false,
      },
      {
        type: "tool_result",
        tool_use_id: "call_2",
        content: [
          { type: "text", text: "No JSON" },
          { type: "document", source: PDF, title: "report.pdf" },
        ],
        is_error: true,
      },
      { type: "text", text: "And now?" },
    ],
  },
];

describe("anthropic", () => {
  test("[model.anthropic.request] a conversation goes as it is, but for what the provider refuses", async () => {
    const { body, headers } = await sent("anthropic", { messages: CONVERSATION, tools: [ECHO_TOOL] });
    expect(headers["anthropic-version"]).toBe("2026-10-21");
    expect(body).toMatchObject({ model: "some-model", max_tokens: 500, stream: true });
    expect(body["messages"]).toMatchObject([
      { role: "user", content: [{ type: "text", text: "Look at both" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Both", signature: "signed" },
          { type: "redacted_thinking", data: "secret" },
          { type: "text", text: "I look" },
          { type: "tool_use", id: "call_1", input: { text: "a" } },
          { type: "tool_use", id: "call_2", input: {} },
        ],
      },
      { role: "user", content: CONVERSATION[2]?.content },
    ]);
    expect(JSON.stringify(body)).not.toContain("malformed_input");
  });

  test("[model.anthropic.request] a turn that said nothing is left out", async () => {
    const nothing: ConversationMessage[] = [
      { role: "assistant", content: [] },
      { role: "assistant", content: [{ type: "thinking", thinking: "Hm", signature: "signed" }] },
    ];
    for (const silent of nothing) {
      const { body } = await sent("anthropic", { messages: [userText("One"), silent, userText("Two")] });
      expect(body["messages"]).toMatchObject([{ role: "user" }, { role: "user" }]);
    }
  });

  test("[model.anthropic.cache] tools, system, and the ends of this and of the last request are cached", async () => {
    const cache_control = { type: "ephemeral" };
    const tools = [{ ...ECHO_TOOL, name: "a__first" }, ECHO_TOOL];
    const messages = [userText("Long ago"), ...CONVERSATION.slice(1, 2), ...CONVERSATION.slice(2)];
    const { body } = await sent("anthropic", { system: "Be brief", messages, tools });
    expect(body["system"]).toEqual([{ type: "text", text: "Be brief", cache_control }]);
    const marked = (list: unknown) =>
      (list as object[]).map((item) => ("cache_control" in item ? item.cache_control : null));
    expect(marked(body["tools"])).toEqual([null, cache_control]);
    const contents = (body["messages"] as { content: unknown }[]).map(({ content }) => marked(content));
    expect(contents[0]).toEqual([cache_control]);
    expect(contents[1]).toEqual([null, null, null, null, null]);
    expect(contents[2]).toEqual([null, null, cache_control]);
  });

  test.each<[ToolChoice, object]>([
    ["auto", { type: "auto" }],
    ["any", { type: "any" }],
    ["none", { type: "none" }],
    [
      { type: "tool", name: ECHO_TOOL.name },
      { type: "tool", name: ECHO_TOOL.name },
    ],
  ])("[model.anthropic.tool-choice] %j", async (toolChoice, expected) => {
    const settings = { thinking: "adaptive" } as const;
    const { body } = await sent("anthropic", { tools: [ECHO_TOOL], toolChoice }, settings);
    expect(body["tool_choice"]).toEqual(expected);
    // A forced call excludes thinking.
    const isForced = toolChoice !== "auto" && toolChoice !== "none";
    expect(body["thinking"]).toEqual(isForced ? undefined : { type: "adaptive", display: "summarized" });
  });

  test("[model.anthropic.thinking] `off` says nothing of thinking", async () => {
    expect((await sent("anthropic", {})).body).not.toHaveProperty("thinking");
  });

  test("[model.anthropic.temperature] a temperature is asked for in the API version that takes it, without thinking", async () => {
    const { body, headers } = await sent("anthropic", { temperature: 0.2 }, { thinking: "adaptive" });
    expect(body).toMatchObject({ temperature: 0.2 });
    expect(body).not.toHaveProperty("thinking");
    expect(headers["anthropic-version"]).toBe("2023-06-01");
  });
});

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
  [null, "max_completion_tokens"],
  ["https://eu.api.openai.com/v1", "max_completion_tokens"],
  ["http://127.0.0.1:11434/v1", "max_tokens"],
])("[model.openai.token-limit] the server at %s is told %s", (baseUrl, field) => {
  const body = toOpenAiRequest(settingsOf("openai", baseUrl), requestOf());
  expect(Object.keys(body).filter((name) => name.includes("tokens"))).toEqual([field]);
});

test.each(PROVIDERS)(
  "[model.requests.plain] %s: without tools nothing is said of tools",
  async (provider) => {
    const { body } = await sent(provider, { toolChoice: "any" });
    expect(body).not.toHaveProperty("tools");
    expect(body).not.toHaveProperty("tool_choice");
  },
);
