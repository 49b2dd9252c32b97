import type { ModelServer } from "@millrace/testing";
import { expect, test } from "vitest";
import { serve } from "./model-server-clients.ts";

async function post(server: ModelServer, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as { error: { message: string } } };
}

const postMessages = (server: ModelServer, body: unknown, version = "2026-10-21") =>
  post(server, "/v1/messages", body, { "anthropic-version": version });

const HELLO = { role: "user", content: "Hello" };
const CALL = { role: "assistant", content: [{ type: "tool_use", id: "one", name: "read", input: {} }] };
const RESULT = { role: "user", content: [{ type: "tool_result", tool_use_id: "one", content: "alpha" }] };
const TOOL = { name: "read", input_schema: { type: "object" } };

const messages = (...entries: unknown[]) => ({ messages: entries });
const assistant = (block: object) => messages(HELLO, { role: "assistant", content: [block] }, HELLO);

test.each<[string, object]>([
  ["messages: at least one", { messages: [] }],
  ["messages.0.role", messages({ role: "tool", content: "Hello" })],
  ['first message must use the "user" role', messages({ role: "assistant", content: "Hello" })],
  ["messages.0: all messages must have non-empty content", messages({ role: "user", content: "" })],
  ["messages.0: all messages must have non-empty content", messages({ role: "user", content: [] })],
  [
    "messages.1: all messages must have non-empty",
    messages(HELLO, { role: "assistant", content: [] }, HELLO),
  ],
  ["must be non-empty", messages({ role: "user", content: [{ type: "text", text: "" }] })],
  ["messages.1: `tool_use` ids were found without", messages(HELLO, CALL)],
  ["messages.1: `tool_use` ids were found without", messages(HELLO, CALL, HELLO)],
  ["messages.0.content.0: unexpected `tool_use_id`", messages(RESULT)],
  [
    "messages.2.content.1: unexpected `tool_use_id`",
    messages(HELLO, CALL, { ...RESULT, content: [...RESULT.content, ...RESULT.content] }),
  ],
  [
    "must come first",
    messages(HELLO, CALL, { ...RESULT, content: [{ type: "text", text: "See" }, ...RESULT.content] }),
  ],
  ["ids must be unique: one", messages(HELLO, CALL, RESULT, CALL, RESULT)],
  ["messages.1.content.0.signature", assistant({ type: "thinking", thinking: "Hm." })],
  ["messages.1.content.0.signature", assistant({ type: "thinking", thinking: "Hm.", signature: "" })],
  ["messages.1.content.0.id", assistant({ ...CALL.content[0], id: "" })],
  ["messages.1.content.0.input", assistant({ ...CALL.content[0], input: "{}" })],
  ["messages.1.content.0: Unrecognized key", assistant({ ...CALL.content[0], malformed_input: "{" })],
  ["messages.1.content.0.type", assistant({ type: "document", source: { type: "url", url: "http://a" } })],
  ["tools.0.name", { tools: [{ ...TOOL, name: "files.read" }] }],
  ["tools.0.name", { tools: [{ ...TOOL, name: "n".repeat(129) }] }],
  ["Tool names must be unique", { tools: [TOOL, TOOL] }],
  ["tools.0.input_schema.type", { tools: [{ ...TOOL, input_schema: {} }] }],
  ["tool_choice", { tool_choice: { type: "auto" } }],
  ["'write' not found", { tools: [TOOL], tool_choice: { type: "tool", name: "write" } }],
  ["Thinking may not", { tools: [TOOL], tool_choice: { type: "any" }, thinking: { type: "adaptive" } }],
  ["budget_tokens", { thinking: { type: "enabled", budget_tokens: 2_000 } }],
  ["temperature: Extra inputs are not permitted", { temperature: 1 }],
  ["max_tokens", { max_tokens: 0 }],
  ["Unrecognized key", { max_output_tokens: 5 }],
  ["maximum of 4 blocks", { tools: Array.from({ length: 5 }, (_, index) => cachedTool(index)) }],
])("[testing.model.anthropic.strict] a wrong request is 400: %s", async (expected, change) => {
  await using server = await serve({ text: "Hello" });
  const request = { model: "scripted", max_tokens: 100, messages: [HELLO], ...change };
  const { status, body } = await postMessages(server, request);

  expect(body.error.message).toContain(expected);
  expect(body).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
  expect(status).toBe(400);
  expect(server.requests).toMatchObject([{ attempt: 0, body: request }]);
});

function cachedTool(index: number) {
  return { ...TOOL, name: `read_${index}`, cache_control: { type: "ephemeral" } };
}

test("[testing.model.anthropic.strict] what the provider takes is taken", async () => {
  await using server = await serve({ text: "Hello" });
  const request = { model: "scripted", max_tokens: 100, messages: [HELLO, CALL, RESULT, HELLO] };
  const tools = [{ ...TOOL, name: "n".repeat(128), description: "Reads" }];
  expect(await postMessages(server, { ...request, tools })).toMatchObject({ status: 200 });
  expect(await postMessages(server, { ...request, temperature: 0.5 }, "2023-06-01")).toMatchObject({
    status: 200,
  });
  expect(await postMessages(server, request, "2020-01-01")).toMatchObject({ status: 400 });
  expect(await post(server, "/v1/messages", request)).toMatchObject({ status: 400 });
});

const OPENAI_CALL = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "one", type: "function", function: { name: "read", arguments: "{}" } }],
};
const OPENAI_RESULT = { role: "tool", tool_call_id: "one", content: "alpha" };
const openaiTool = (change: object = {}) => ({ type: "function", function: { name: "read", ...change } });
const callWith = (change: object) =>
  messages(
    HELLO,
    { ...OPENAI_CALL, tool_calls: [{ ...OPENAI_CALL.tool_calls[0], ...change }] },
    OPENAI_RESULT,
  );

test.each<[string, object]>([
  ["messages", { messages: [] }],
  ["messages[0].role", messages({ role: "human", content: "Hello" })],
  ["messages[0].content", messages({ role: "user", content: [] })],
  ["messages[0].content", messages({ role: "user", content: null })],
  ["messages[1].content", messages(HELLO, { role: "assistant", content: null })],
  ["messages[1].tool_calls", messages(HELLO, { role: "assistant", content: "Hm.", tool_calls: [] })],
  ["messages[1].tool_calls[0].id", callWith({ id: "" })],
  ["messages[1].tool_calls[0].id", callWith({ id: "i".repeat(41) })],
  ["messages[1].tool_calls[0].function.arguments", callWith({ function: { name: "read", arguments: {} } })],
  ["messages.[1].role", messages(HELLO, OPENAI_RESULT)],
  ["messages.[2].role", messages(HELLO, OPENAI_CALL, HELLO)],
  ["messages.[2].role", messages(HELLO, OPENAI_CALL)],
  ["messages.[3].role", messages(HELLO, OPENAI_CALL, OPENAI_RESULT, OPENAI_RESULT)],
  ["tools", { tools: [] }],
  ["tools", { tools: [openaiTool(), openaiTool()] }],
  ["tools[0].function.name", { tools: [openaiTool({ name: "files.read" })] }],
  ["tools[0].function.name", { tools: [openaiTool({ name: "n".repeat(65) })] }],
  ["tools[0].function.parameters.type", { tools: [openaiTool({ parameters: { properties: {} } })] }],
  ["tool_choice", { tool_choice: "auto" }],
  ["tool_choice", { tools: [openaiTool()], tool_choice: { type: "function", function: { name: "write" } } }],
  ["parallel_tool_calls", { parallel_tool_calls: true }],
  ["stream_options", { stream_options: { include_usage: true } }],
  ["max_tokens", { max_tokens: 5, max_completion_tokens: 5 }],
  ["temperature", { temperature: 3 }],
])("[testing.model.openai.strict] a wrong request is 400: %s", async (param, change) => {
  await using server = await serve({ text: "Hello" });
  const request = { model: "scripted", messages: [HELLO], ...change };
  const { status, body } = await post(server, "/v1/chat/completions", request);

  expect(body).toMatchObject({ error: { type: "invalid_request_error", code: null, param } });
  expect(status).toBe(400);
});

test("[testing.model.openai.strict] what the provider takes is taken", async () => {
  await using server = await serve({ text: "Hello" });
  const request = {
    model: "scripted",
    messages: [{ role: "developer", content: "Be short." }, HELLO, OPENAI_CALL, OPENAI_RESULT],
    tools: [openaiTool({ name: "n".repeat(64), parameters: { type: "object" } })],
    tool_choice: "required",
    max_completion_tokens: 100,
  };
  expect(await post(server, "/v1/chat/completions", request)).toMatchObject({ status: 200 });
});

test.each(["/v1/messages", "/v1/chat/completions"])(
  "[testing.model.errors.body] a body that is no JSON object is 400: %s",
  async (path) => {
    await using server = await serve({ text: "Hello" });
    for (const body of ["{", "[]", "null"]) {
      const { status, body: answer } = await post(server, path, body);
      expect(status).toBe(400);
      expect(answer.error.message).toContain("not a JSON object");
    }
    expect(server.requests.map((request) => request.body)).toEqual([{}, {}, {}]);
  },
);
