import type { ConversationMessage, ToolChoice } from "@millrace/contracts";
import { describe, expect, test } from "vitest";
import { CONVERSATION, sent } from "./model-conversation.ts";
import { ECHO_TOOL, PROVIDERS, userText } from "./model-fixtures.ts";

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
      {
        role: "user",
        content: [
          CONVERSATION[2]?.content[0],
          {
            tool_use_id: "call_2",
            content: [{ text: "Error:" }, { text: "No JSON" }, { type: "document" }],
            is_error: false,
          },
          CONVERSATION[2]?.content[2],
        ],
      },
    ]);
    expect(JSON.stringify(body)).not.toContain("malformed_input");
  });

  test("[model.anthropic.errors] an error of text alone is marked as one", async () => {
    const [asked, said, answered] = CONVERSATION;
    const results = (answered as Extract<ConversationMessage, { role: "user" }>).content.map((block) =>
      block.type === "tool_result"
        ? { ...block, is_error: true, content: [{ type: "text" as const, text: "No" }] }
        : block,
    );
    const messages = [asked, said, { role: "user", content: results }] as ConversationMessage[];
    const { body } = await sent("anthropic", { messages, tools: [ECHO_TOOL] });
    expect(body["messages"]).toMatchObject([
      {},
      {},
      { content: [{ is_error: true }, { is_error: true }, {}] },
    ]);
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

test.each(PROVIDERS)(
  "[model.requests.plain] %s: without tools nothing is said of tools",
  async (provider) => {
    const { body } = await sent(provider, { toolChoice: "any" });
    expect(body).not.toHaveProperty("tools");
    expect(body).not.toHaveProperty("tool_choice");
  },
);
