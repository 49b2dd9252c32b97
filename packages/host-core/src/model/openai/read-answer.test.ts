import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { expect, test } from "vitest";
import { ANSWER_LENGTH_MAX } from "../answer-length.ts";
import { AnswerReader } from "./read-answer.ts";

function chunk(delta: Record<string, unknown>): ChatCompletionChunk {
  return { choices: [{ index: 0, delta }] } as unknown as ChatCompletionChunk;
}

const begun = (id: string) => chunk({ tool_calls: [{ id, function: { name: "echo" } }] });

test("[model.answers.endless.usage] an answer that was cut off counts about as many tokens as it had", () => {
  const reader = new AnswerReader();
  reader.take(chunk({ content: "x".repeat(ANSWER_LENGTH_MAX + 1) }));
  expect(reader.finish()).toMatchObject({ stopReason: "max_tokens" });
  const { usage } = reader.finish();
  expect(usage.inputTokens).toBe(0);
  expect(usage.outputTokens).toBeGreaterThan(ANSWER_LENGTH_MAX / 4);
  expect(usage.outputTokens).toBeLessThan(ANSWER_LENGTH_MAX / 3.9);
});

test("[model.answers.endless.usage] tokens that the provider has counted are not estimated", () => {
  const reader = new AnswerReader();
  reader.take(chunk({ content: "Hello, and much more of it" }));
  reader.take({
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  } as unknown as ChatCompletionChunk);
  reader.take({
    choices: [{ index: 0, delta: {}, finish_reason: "length" }],
  } as unknown as ChatCompletionChunk);
  expect(reader.finish()).toMatchObject({
    stopReason: "max_tokens",
    usage: { inputTokens: 3, outputTokens: 2 },
  });
});

test.each([["12"], [-5], [1.5], [{}], [null]])("[model.usage.odd] a count %j of tokens is none", (odd) => {
  const reader = new AnswerReader();
  const usage = {
    prompt_tokens: odd,
    completion_tokens: odd,
    prompt_tokens_details: { cached_tokens: odd, cache_write_tokens: odd },
  };
  reader.take({ choices: [{ delta: {}, finish_reason: "stop" }], usage } as unknown as ChatCompletionChunk);
  expect(reader.finish().usage).toEqual({
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
  });
});

test.each<[string, number, (index: number) => ChatCompletionChunk]>([
  ["empty chunks", ANSWER_LENGTH_MAX, () => chunk({})],
  ["calls without arguments", 100_000, (index) => begun(`call_${index}`)],
  [
    "blocks of one letter",
    100_000,
    (index) => chunk(index % 2 ? { content: "a" } : { reasoning_content: "b" }),
  ],
])("[model.answers.endless.empty] a stream of %s is cut off", (_what, most, chunkOf) => {
  const reader = new AnswerReader();
  let taken = 0;
  for (; taken <= most && !reader.isFull; taken += 1) reader.take(chunkOf(taken));
  expect(reader.isFull).toBe(true);
  expect(reader.finish().stopReason).toBe("max_tokens");
});

const ended = (finish_reason: unknown) =>
  ({ choices: [{ index: 0, delta: {}, finish_reason }] }) as unknown as ChatCompletionChunk;

function read(...chunks: unknown[]) {
  const reader = new AnswerReader();
  const deltas = chunks.flatMap((given) => reader.take(given as ChatCompletionChunk));
  return { reader, deltas };
}

test.each(["error", "abort", "insufficient_system_resource"])(
  "[model.answers.broken-off] an answer that the server ends with %s is none",
  (reason) => {
    const { reader } = read(chunk({ content: "Half" }), ended(reason));
    expect(() => reader.finish()).toThrow(reason);
  },
);

test("[model.answers.broken-off] an empty reason to end is none", () => {
  const { reader } = read(chunk({ content: "Half" }), ended(""));
  expect(reader.hasEnded).toBe(false);
  expect(() => reader.finish()).toThrow("ended before");
  expect(read(ended("length"), ended("")).reader.finish().stopReason).toBe("max_tokens");
});

test.each([
  ["model_length", "max_tokens"],
  ["MAX_TOKENS", "max_tokens"],
  ["SAFETY", "refusal"],
  ["eos", "end_turn"],
  ["constructor", "end_turn"],
])("[model.answers.stop-reason] a server's own word %s means %s", (reason, stopReason) => {
  const call = { index: 0, id: "call_1", function: { name: "echo", arguments: '{"text":"half' } };
  const { reader } = read(chunk({ content: "Half" }), chunk({ tool_calls: [call] }), ended(reason));
  expect(reader.finish().stopReason).toBe(stopReason);
});

test("[model.answers.parts] a message that comes whole, in place of its pieces, is read", () => {
  const message = { role: "assistant", content: "Hello" };
  const { reader, deltas } = read({ choices: [{ index: 0, message, finish_reason: "stop" }] });
  expect(deltas).toEqual([{ type: "text", text: "Hello" }]);
  expect(reader.finish().content).toEqual([{ type: "text", text: "Hello" }]);
});

test("[model.answers.parts] content that is a list of parts is read part by part", () => {
  const thinking = [{ type: "text", text: "Let me see" }];
  const parts = [{ type: "thinking", thinking }, { type: "text", text: "Hello" }, { type: "new" }, null];
  const { reader, deltas } = read(chunk({ content: parts }), chunk({ content: " you" }), ended("stop"));
  expect(deltas.map(({ text }) => text)).toEqual(["Let me see", "Hello", " you"]);
  expect(reader.finish().content).toEqual([
    { type: "thinking", thinking: "Let me see", signature: "" },
    { type: "text", text: "Hello you" },
  ]);
});

test("[model.answers.odd] pieces that are nothing at all are passed over", () => {
  const odd = [null, {}, { choices: null }, { choices: [null] }, { choices: {} }, { usage: "much" }];
  const calls = [{ tool_calls: [null] }, { tool_calls: {} }, { tool_calls: [{}] }].map(chunk);
  const { reader } = read(...odd, ...calls, chunk({ content: "Hello" }), ended("stop"));
  expect(reader.finish().content).toContainEqual({ type: "text", text: "Hello" });
});

test("[model.openai.extra] what comes along with a call is kept with it", () => {
  const extra_content = { google: { thought_signature: "c2lnbmVk" } };
  const call = { index: 0, id: "call_1", function: { name: "echo", arguments: "{}" } };
  const { reader } = read(chunk({ tool_calls: [{ ...call, extra_content }] }), ended("tool_calls"));
  expect(reader.finish().content).toEqual([
    { type: "tool_use", id: "call_1", name: "echo", input: {}, extra_content },
  ]);
});
