import type { ModelScript } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventsOf, streamChat, textOf, toolResults } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer, mcpServer } from "../../../test/support/mcp-servers.ts";

let system: ChatSystem;
let client: HttpClient;

/** A server that never connects. */
const away = mcpServer("away", { type: "stdio", command: "no-such-program", args: [], env: {} });

beforeAll(async () => {
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer("first"), fixtureServer("second"), away],
  });
  client = system.client;
  await client.untilConnected(2);
});
afterAll(() => system.close());

const asked = () => system.anthropic.requests.at(-1)?.body ?? {};

/** The names of the tools that the model was offered in its latest request. */
function offered(): string[] {
  const tools = (asked()["tools"] ?? []) as { name: string }[];
  return tools.map(({ name }) => name);
}

const call = (name: string, input: object = { text: "x" }) => ({
  name,
  input: input as Record<string, unknown>,
});

test("[chat.options.model] system, temperature, max_tokens and the messages reach the model as they are", async () => {
  system.anthropic.script = { turns: [{ text: "yes" }] };
  const messages = [
    { role: "user", content: "one" },
    { role: "assistant", content: [{ type: "text", text: "two" }] },
    { role: "user", content: [{ type: "text", text: "three" }] },
  ];
  await client.chat({ messages, system: "Be short.", temperature: 0.5, max_tokens: 77, enable_mcp: false });
  const { system: told, ...body } = asked();
  expect(body).toMatchObject({ model: "claude-scripted", temperature: 0.5, max_tokens: 77, stream: true });
  expect(told).toMatchObject([{ type: "text", text: "Be short." }]);
  expect(body["messages"]).toMatchObject([
    { role: "user", content: [{ text: "one" }] },
    { role: "assistant", content: [{ text: "two" }] },
    { role: "user", content: [{ text: "three" }] },
  ]);
});

test("[chat.options.servers] mcp_servers narrows what the model is offered, and what it can call", async () => {
  const script: ModelScript = { turns: [{ tool_calls: [call("second__echo")] }, { text: "so be it" }] };
  system.anthropic.script = script;
  await client.chat({ message: "all" });
  expect(offered()).toEqual(expect.arrayContaining(["first__echo", "second__echo"]));

  const events = await streamChat(client, { message: "narrow", mcp_servers: ["first"] });
  expect(offered().every((name) => name.startsWith("first__"))).toBe(true);
  expect(offered()).toContain("first__echo");
  expect(eventsOf(events, "tool.called")).toEqual([]);
  expect(eventsOf(events, "tool.returned")).toMatchObject([{ is_error: true, execution_time_ms: null }]);
  expect(eventsOf(events, "job.completed")[0]?.job.result).toMatchObject({ text: "so be it" });
});

test("[chat.options.plain] enable_mcp: false is plain chat, and warns of nothing", async () => {
  system.anthropic.script = { turns: [{ text: "plain" }] };
  const events = await streamChat(client, { message: "hello", enable_mcp: false });
  expect(asked()).not.toHaveProperty("tools");
  expect(eventsOf(events, "job.warning")).toEqual([]);
});

test("[chat.options.no_tools] where no tools are to be had it is plain chat, with a warning", async () => {
  system.anthropic.script = { turns: [{ text: "plain" }] };
  const events = await streamChat(client, { message: "hello", mcp_servers: ["away"] });
  expect(asked()).not.toHaveProperty("tools");
  const [warning] = eventsOf(events, "job.warning");
  expect(warning).toMatchObject({ code: "no_tools" });
  expect(warning?.message).toContain("away");
  expect(events.at(-1)?.type).toBe("job.completed");
});

const WHATEVER_IT_CALLS: ModelScript = { turns: [{ tool_calls: [call("first__echo")] }, { text: "done" }] };

test.for([
  ["any", { type: "any" }],
  [
    { type: "tool", name: "second__echo" },
    { type: "tool", name: "second__echo" },
  ],
  ["auto", { type: "auto" }],
] as const)("[chat.options.choice] tool_choice %j binds the first turn", async ([choice, wire]) => {
  system.anthropic.script = WHATEVER_IT_CALLS;
  const before = system.anthropic.requests.length;
  await client.chat({ message: "choose", tool_choice: choice });
  const choices = system.anthropic.requests.slice(before).map(({ body }) => body["tool_choice"]);
  expect(choices).toMatchObject([wire, { type: "auto" }]);
});

test("[chat.options.choice] tool_choice none offers no tool", async () => {
  system.anthropic.script = { turns: [{ text: "none" }] };
  await client.chat({ message: "choose", tool_choice: "none" });
  expect(offered()).toEqual([]);
});

test("[chat.options.unknown] servers, tools and models that do not exist are refused with those that do", async () => {
  const refused = async (fields: object) => client.post("/chat", { message: "hello", ...fields });
  const model = await expectProblem(await refused({ model: "gpt-99" }), "unknown_model");
  expect(model.detail).toMatch(/default, claude, gpt, demo/);
  expect(model.errors?.[0]?.path).toBe("model");
  const server = await expectProblem(await refused({ mcp_servers: ["first", "third"] }), "unknown_server");
  expect(server.detail).toContain("first");
  expect(server.errors?.[0]?.path).toBe("mcp_servers[1]");
  const choice = { type: "tool", name: "first__nothing" };
  const tool = await expectProblem(await refused({ tool_choice: choice }), "unknown_tool");
  expect(tool.detail).toContain("echo");
  expect(tool.errors?.[0]?.path).toBe("tool_choice.name");
  const bare = await expectProblem(
    await refused({ tool_choice: { type: "tool", name: "echo" } }),
    "ambiguous_tool",
  );
  expect(bare.detail).toMatch(/first__echo.*second__echo/);
  expect(bare.errors?.[0]?.path).toBe("tool_choice.name");
});

test.for([
  ["outside its mcp_servers", { mcp_servers: ["first"] }, "first__echo"],
  ["of no server", { mcp_servers: [] }, "Tools: none"],
  ["without tools", { enable_mcp: false }, "enable_mcp"],
] as const)("[chat.options.outside] a tool choice %s is refused", async ([, fields, cure]) => {
  const chat = { message: "choose", tool_choice: { type: "tool", name: "second__echo" }, ...fields };
  const { detail, errors } = await expectProblem(await client.post("/chat", chat), "unknown_tool");
  expect(errors?.[0]?.path).toBe("tool_choice.name");
  expect(detail).toContain(cure);
});

test("[chat.options.outside] a bare tool choice is looked up among the mcp_servers", async () => {
  system.anthropic.script = WHATEVER_IT_CALLS;
  const before = system.anthropic.requests.length;
  const choice = { type: "tool", name: "echo" };
  await client.chat({ message: "choose", tool_choice: choice, mcp_servers: ["first"] });
  expect(system.anthropic.requests[before]?.body["tool_choice"]).toEqual({
    type: "tool",
    name: "first__echo",
  });
  const both = await client.post("/chat", { message: "choose", tool_choice: choice });
  await expectProblem(both, "ambiguous_tool");
});

test("[chat.tools.unknown] a tool that does not exist gets an answer that lists those that do", async () => {
  system.anthropic.script = { turns: [{ tool_calls: [call("first__ecoh")] }, { text: "I see" }] };
  const events = await streamChat(client, { message: "call", mcp_servers: ["first"] });
  const [returned] = eventsOf(events, "tool.returned");
  expect(returned).toMatchObject({ tool: "first__ecoh", is_error: true, error: { code: "unknown_tool" } });
  const [result] = toolResults(asked());
  expect(result).toMatchObject({ is_error: true });
  expect(textOf(result?.["content"] as [])).toMatch(/first__add.*first__echo/);
  expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: "I see" } } });
});

test("[chat.tools.bare] a bare name finds the one server that has the tool, and no one of several", async () => {
  system.anthropic.script = { turns: [{ tool_calls: [call("echo")] }, { text: "{{last}}" }] };
  const one = await streamChat(client, { message: "call", mcp_servers: ["second"] });
  expect(eventsOf(one, "tool.returned")).toMatchObject([{ tool: "second__echo", is_error: false }]);
  const two = await streamChat(client, { message: "call" });
  const [returned] = eventsOf(two, "tool.returned");
  expect(returned).toMatchObject({ is_error: true, error: { code: "ambiguous_tool" } });
  expect(returned?.error?.message).toMatch(/first.*second/s);
});

test("[chat.tools.error] what goes wrong in a tool is the model's to read, and fails no job", async () => {
  const wrong = [call("first__fail", {}), call("first__echo", { text: 7 }), call("first__reject", {})];
  system.anthropic.script = { turns: [{ tool_calls: wrong }, { text: "never mind" }] };
  const events = await streamChat(client, { message: "call" });
  const results = toolResults(asked());
  expect(results.map(({ is_error }) => is_error)).toEqual([true, true, true]);
  const [failed, invalid, rejected] = results.map(({ content }) => textOf(content as []));
  expect(failed).toBe("this tool always fails");
  expect(invalid).toContain("text");
  expect(rejected).toContain("open the page first");
  expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: "never mind" } } });
});
