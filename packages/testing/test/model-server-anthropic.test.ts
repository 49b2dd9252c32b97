import type Anthropic from "@anthropic-ai/sdk";
import type { ModelServer } from "@millrace/testing";
import { expect, test } from "vitest";
import { anthropicClient, serve } from "./model-server-clients.ts";

const REQUEST = {
  model: "scripted",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "What is in the files?" }],
};

/** The events of a stream, and the message that the SDK makes of them. */
async function stream(server: ModelServer) {
  const events: Anthropic.MessageStreamEvent[] = [];
  const running = anthropicClient(server)
    .messages.stream(REQUEST)
    // A copy, as the SDK gathers the message in its first event.
    .on("streamEvent", (event) => events.push(structuredClone(event)));
  return { message: await running.finalMessage(), events };
}

/** Ids are new in every answer. */
function withoutIds({ content }: Anthropic.Message) {
  return content.map((block) => (block.type === "tool_use" ? { ...block, id: "" } : block));
}

const CALLS = [
  { name: "files__read", input: { path: "a.txt" } },
  { name: "files__read", input: { path: "b.txt" } },
];

test("[testing.model.anthropic.text] text comes in deltas of the scripted length", async () => {
  await using server = await serve({ text: "Good day 👋 to you", chunk_length: 10 });
  const { message, events } = await stream(server);

  expect(message).toMatchObject({ role: "assistant", model: "scripted", stop_reason: "end_turn" });
  expect(message.content).toEqual([{ type: "text", text: "Good day 👋 to you", citations: null }]);
  expect(events.map(({ type }) => type)).toEqual([
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
  expect(events[2]).toMatchObject({ delta: { text: "Good day 👋" } });
});

test("[testing.model.anthropic.text] a stream has a ping, which clients pass over", async () => {
  await using server = await serve({ text: "Hello" });
  const response = await fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers: { "anthropic-version": "2023-06-01" },
    body: JSON.stringify({ ...REQUEST, stream: true }),
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(response.headers.get("request-id")).toMatch(/^req_/);
  expect(await response.text()).toContain('event: ping\ndata: {"type":"ping"}\n\n');
});

test("[testing.model.anthropic.tools] parallel calls keep their order and have ids of their own", async () => {
  await using server = await serve({ text: "I look.", tool_calls: CALLS, chunk_length: 4 });
  const { message } = await stream(server);

  expect(message.stop_reason).toBe("tool_use");
  expect(message.content).toMatchObject([
    { type: "text", text: "I look." },
    { type: "tool_use", ...CALLS[0] },
    { type: "tool_use", ...CALLS[1] },
  ]);
  const ids = message.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
  expect(new Set(ids).size).toBe(2);
  expect(ids[0]).toMatch(/^toolu_\w{24}$/);
});

test("[testing.model.anthropic.tools] a call's id and raw input are sent as they are scripted", async () => {
  await using server = await serve({ tool_calls: [{ name: "echo", id: "mine", raw_input: '{"a": ' }] });
  const events = [];
  for await (const event of await anthropicClient(server).messages.create({ ...REQUEST, stream: true })) {
    events.push(event);
  }
  expect(events[1]).toMatchObject({
    content_block: { type: "tool_use", id: "mine", name: "echo", input: {} },
  });
  expect(events[2]).toMatchObject({ delta: { type: "input_json_delta", partial_json: '{"a": ' } });
});

test("[testing.model.anthropic.thinking] thinking comes first and is signed", async () => {
  await using server = await serve({ thinking: "The question is simple.", text: "Yes.", chunk_length: 8 });
  const { message, events } = await stream(server);

  expect(message.content).toMatchObject([
    { type: "thinking", thinking: "The question is simple.", signature: expect.stringMatching(/.+/) },
    { type: "text", text: "Yes." },
  ]);
  const deltas = events.flatMap((event) => (event.type === "content_block_delta" ? [event.delta.type] : []));
  expect(deltas).toEqual([
    "thinking_delta",
    "thinking_delta",
    "thinking_delta",
    "signature_delta",
    "text_delta",
  ]);
});

test("[testing.model.anthropic.usage] usage is counted whole at the end, cache apart", async () => {
  await using server = await serve({
    text: "Yes.",
    usage: { input: 7, output: 5, cache_read: 300, cache_write: 40 },
  });
  const { message, events } = await stream(server);

  const usage = { input_tokens: 7, cache_read_input_tokens: 300, cache_creation_input_tokens: 40 };
  expect(message.usage).toMatchObject({ ...usage, output_tokens: 5 });
  expect(events[0]).toMatchObject({ message: { usage: { ...usage, output_tokens: 1 } } });
});

test("[testing.model.anthropic.whole] without streaming the same answer is one JSON body", async () => {
  await using server = await serve({ thinking: "Hm.", text: "I look.", tool_calls: CALLS });
  const message = await anthropicClient(server).messages.create(REQUEST);
  const { message: streamed } = await stream(server);

  expect(withoutIds(message)).toEqual(withoutIds(streamed));
  expect(message).toMatchObject({ stop_reason: "tool_use", usage: { input_tokens: 100, output_tokens: 20 } });
});

test.each(["max_tokens", "refusal"] as const)(
  "[testing.model.anthropic.stop] the stop reason is as it is scripted: %s",
  async (stopReason) => {
    await using server = await serve({ text: "I can", stop_reason: stopReason });
    const { message } = await stream(server);

    expect(message.stop_reason).toBe(stopReason);
    const details = { type: "refusal", category: null, explanation: null };
    expect(message.stop_details).toEqual(stopReason === "refusal" ? details : null);
  },
);
