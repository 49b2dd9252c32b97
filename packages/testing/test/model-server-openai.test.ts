import type { ModelServer } from "@millrace/testing";
import type OpenAI from "openai";
import { expect, test } from "vitest";
import { openaiClient, serve } from "./model-server-clients.ts";

const REQUEST = {
  model: "scripted",
  messages: [{ role: "user" as const, content: "What is in the files?" }],
};

/** The chunks of a stream. */
async function chunksOf(server: ModelServer, withUsage = true) {
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  const stream = await openaiClient(server).chat.completions.create({
    ...REQUEST,
    stream: true,
    stream_options: { include_usage: withUsage },
  });
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** What the SDK makes of a stream. */
const completionOf = (server: ModelServer) =>
  openaiClient(server).chat.completions.stream(REQUEST).finalChatCompletion();

/** Each value of a field of the deltas. */
function deltasOf(chunks: readonly OpenAI.ChatCompletionChunk[], field: string): unknown[] {
  return chunks.flatMap(({ choices }) => {
    const value = (choices[0]?.delta as Record<string, unknown> | undefined)?.[field];
    return value === undefined || value === null || value === "" ? [] : [value];
  });
}

const CALLS = [
  { name: "files__read", input: { path: "a.txt" } },
  { name: "files__read", input: { path: "b.txt" } },
];

test("[testing.model.openai.text] text comes in deltas of the scripted length, then [DONE]", async () => {
  await using server = await serve({ text: "Good day 👋 to you", chunk_length: 10 });
  const chunks = await chunksOf(server);

  expect(deltasOf(chunks, "content")).toEqual(["Good day 👋", " to you"]);
  expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "", refusal: null });
  expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);

  const raw = await fetch(`${server.openaiUrl}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ ...REQUEST, stream: true }),
  });
  expect(raw.headers.get("x-request-id")).toMatch(/^req_/);
  expect(await raw.text()).toMatch(/\n\ndata: \[DONE\]\n\n$/);
});

test("[testing.model.openai.tools] parallel calls keep their order and have ids of their own", async () => {
  await using server = await serve({ text: "I look.", tool_calls: CALLS, chunk_length: 4 });
  const { choices } = await completionOf(server);

  expect(choices[0]?.finish_reason).toBe("tool_calls");
  expect(choices[0]?.message).toMatchObject({
    content: "I look.",
    tool_calls: CALLS.map(({ name, input }) => ({
      type: "function",
      id: expect.stringMatching(/^call_\w{24}$/),
      function: { name, arguments: JSON.stringify(input) },
    })),
  });
  const ids = choices[0]?.message.tool_calls?.map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
});

test("[testing.model.openai.tools] a call's id and raw input are sent as they are scripted", async () => {
  await using server = await serve({ tool_calls: [{ name: "echo", id: "", raw_input: '{"a": ' }] });
  expect(deltasOf(await chunksOf(server), "tool_calls")).toEqual([
    [{ index: 0, id: "", type: "function", function: { name: "echo", arguments: "" } }],
    [{ index: 0, function: { arguments: '{"a": ' } }],
  ]);
});

test("[testing.model.openai.thinking] thinking comes first, as reasoning_content", async () => {
  await using server = await serve({ thinking: "A simple question.", text: "Yes.", chunk_length: 9 });
  const chunks = await chunksOf(server);

  expect(deltasOf(chunks, "reasoning_content")).toEqual(["A simple ", "question."]);
  expect(chunks[1]?.choices[0]?.delta).toEqual({ reasoning_content: "A simple " });
  expect(deltasOf(chunks, "content")).toEqual(["Yes."]);
});

test("[testing.model.openai.usage] a last chunk has the usage when it is asked for, cache included", async () => {
  await using server = await serve({
    text: "Yes.",
    usage: { input: 7, output: 5, cache_read: 300, cache_write: 40 },
  });
  const [last, ...others] = (await chunksOf(server)).toReversed();
  expect(last).toMatchObject({
    choices: [],
    usage: {
      prompt_tokens: 347,
      completion_tokens: 5,
      total_tokens: 352,
      prompt_tokens_details: { cached_tokens: 300, cache_write_tokens: 40 },
    },
  });
  expect(others.every(({ usage }) => usage === null)).toBe(true);

  const without = await chunksOf(server, false);
  expect(without.every((chunk) => !("usage" in chunk) && chunk.choices.length === 1)).toBe(true);
});

test("[testing.model.openai.whole] without streaming the same answer is one JSON body", async () => {
  await using server = await serve({ text: "I look.", tool_calls: [{ ...CALLS[0]!, id: "call_1" }] });
  const completion = await openaiClient(server).chat.completions.create(REQUEST);
  const streamed = await completionOf(server);

  expect(completion.choices[0]?.message).toEqual({
    role: "assistant",
    content: "I look.",
    refusal: null,
    annotations: [],
    tool_calls: [
      { id: "call_1", type: "function", function: { name: "files__read", arguments: '{"path":"a.txt"}' } },
    ],
  });
  expect(completion.choices[0]?.finish_reason).toBe(streamed.choices[0]?.finish_reason);
  expect(completion.usage).toMatchObject({ prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 });
});

test("[testing.model.openai.stop] the finish reason is as it is scripted", async () => {
  await using server = await serve({ text: "I can", stop_reason: "max_tokens" });
  const cut = await chunksOf(server);
  expect(cut.at(-2)?.choices[0]?.finish_reason).toBe("length");

  server.script = { turns: [{ stop_reason: "refusal" }] };
  const filtered = await chunksOf(server);
  expect(filtered.at(-2)?.choices[0]?.finish_reason).toBe("content_filter");

  server.script = { turns: [{ text: "I cannot help with that.", stop_reason: "refusal" }] };
  const refused = await chunksOf(server);
  expect(deltasOf(refused, "refusal").join("")).toBe("I cannot help with that.");
  expect(deltasOf(refused, "content")).toEqual([]);
  expect(refused.at(-2)?.choices[0]?.finish_reason).toBe("stop");
});
