import type { ConversationMessage } from "@millrace/contracts";
import { describe, expect, test } from "vitest";
import type { ModelRequest, ModelTool } from "../model.ts";
import { createDemoModel } from "./demo-model.ts";

const demo = createDemoModel({
  alias: "demo",
  provider: "demo",
  model: "demo",
  baseUrl: null,
  apiKeyVariable: null,
  isConfigured: true,
  contextTokens: null,
  maxOutputTokens: 1_000,
  timeoutMs: 1_000,
  stallTimeoutMs: 1_000,
  thinking: "off",
  price: null,
});

function tool(name: string, properties: object = {}): ModelTool {
  return { name, description: null, parameters: { type: "object", properties } };
}

const TOOLS = [
  tool("files__read_text_file", { path: { type: "string" }, head: { type: "number" } }),
  tool("files__write"),
  tool("notes__write"),
];

const user = (text: string): ConversationMessage => ({ role: "user", content: [{ type: "text", text }] });

async function respond(text: string | ConversationMessage[], other: Partial<ModelRequest> = {}) {
  const words: string[] = [];
  const turn = await demo.respond({
    system: undefined,
    messages: typeof text === "string" ? [user(text)] : text,
    tools: TOOLS,
    toolChoice: "auto",
    maxTokens: 1_000,
    temperature: undefined,
    signal: new AbortController().signal,
    onDelta: (delta) => words.push(delta.text),
    ...other,
  });
  const said = turn.message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  const call = turn.message.content.find((block) => block.type === "tool_use");
  return { turn, words, said, call };
}

describe("a message that names a tool", () => {
  test.each([
    ["files__read_text_file path=welcome.txt", { path: "welcome.txt" }],
    ["Please read_text_file, path=welcome.txt head=3", { path: "welcome.txt", head: 3 }],
    [`read_text_file path="two words.txt" head='3'`, { path: "two words.txt", head: "3" }],
    ["read_text_file path=123", { path: "123" }],
    ["read_text_file list=[1, 2] yes=true", { list: [1, 2], yes: true }],
    ['read_text_file {"path": "a}b.txt", "deep": {"x": [1]}} now', { path: "a}b.txt", deep: { x: [1] } }],
    ['Braces {that are not} JSON, then read_text_file {"path": "x"}', { path: "x" }],
    ["read_text_file", {}],
    ["read_text_file --path=welcome.txt", { path: "welcome.txt" }],
  ])("[model.demo.arguments] %s", async (text, input) => {
    const { turn, call, said } = await respond(text);
    expect(call).toMatchObject({ name: "files__read_text_file", input });
    expect(turn.stopReason).toBe("tool_use");
    expect(said).toContain("files__read_text_file");
  });

  test("[model.demo.arguments] a value that is a tool's name names none", async () => {
    expect((await respond("say text=read_text_file")).call).toBeUndefined();
  });

  test("[model.demo.names] the short name of several tools names none, a unified one does", async () => {
    expect((await respond("write text=x")).call).toBeUndefined();
    expect((await respond("notes__write text=x")).call).toMatchObject({ name: "notes__write" });
  });

  test("[model.demo.choice] tool_choice is obeyed", async () => {
    expect((await respond("files__write a=1", { toolChoice: "none" })).call).toBeUndefined();
    const toolChoice = { type: "tool", name: "notes__write" } as const;
    expect((await respond("files__write a=1", { toolChoice })).call).toMatchObject({
      name: "notes__write",
      input: { a: 1 },
    });
  });
});

test("[model.demo.result] a tool's result is reported, with what this model is and how to have a real one", async () => {
  const first = await respond("read_text_file path=a.txt");
  const id = first.call?.id ?? "";
  const messages: ConversationMessage[] = [
    user("read_text_file path=a.txt"),
    first.turn.message,
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: id,
          content: [{ type: "text", text: "It says hello" }],
          is_error: false,
        },
      ],
    },
  ];
  const { said, turn } = await respond(messages);
  expect(said).toContain("files__read_text_file returned:\nIt says hello");
  expect(said).toMatch(/demo model, no language model.*ANTHROPIC_API_KEY.*OPENAI_BASE_URL.*OPENAI_API_KEY/s);
  expect(turn.stopReason).toBe("end_turn");
  const again = await respond([...messages, turn.message, user("write"), user("files__write")]);
  expect(again.call?.id).not.toBe(id);
});

test("[model.demo.introduction] without a tool it says what it is and which tools there are", async () => {
  const { said, turn } = await respond("What is the weather?");
  expect(said).toMatch(/no language model.*files__read_text_file.*read_text_file path=welcome\.txt/s);
  expect(turn.stopReason).toBe("end_turn");
  expect((await respond("Hello", { tools: [] })).said).toContain("no tools");
});

test.each([
  ["a long word", "x".repeat(16 * 1_024 * 1_024)],
  ["many words", "read_text_file ".repeat(1_000_000)],
  ["a million braces", `${"{".repeat(1_000_000)}}`],
])("[model.demo.long] %s in a message holds nobody up", async (_what, text) => {
  const { said, call } = await respond(text);
  expect(said).toMatch(/longer than the 8192 characters/);
  expect(call).toBeUndefined();
});

test("[model.demo.stream] it streams word by word, the same every time, and counts words", async () => {
  const one = await respond("read_text_file path=a");
  const other = await respond("read_text_file path=a");
  expect(other).toEqual(one);
  expect(one.words).toEqual(["I", " call", " files__read_text_file."]);
  expect(one.turn.usage).toMatchObject({ cacheReadTokens: 0, cacheWriteTokens: 0 });
  expect(one.turn.usage.outputTokens).toBeGreaterThan(3);
  expect(one.turn.usage.inputTokens).toBeGreaterThan(1);
  expect((await respond("Hello", { maxTokens: 2 })).turn).toMatchObject({ stopReason: "max_tokens" });
});

test("[model.demo.abort] it stops between two words", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const words: string[] = [];
  const onDelta = ({ text }: { text: string }) => {
    words.push(text);
    controller.abort(reason);
  };
  await expect(respond("Hello", { signal: controller.signal, onDelta })).rejects.toBe(reason);
  expect(words).toHaveLength(1);
});
