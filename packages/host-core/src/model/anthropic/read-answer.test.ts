import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { expect, test } from "vitest";
import { ANSWER_LENGTH_MAX } from "../answer-length.ts";
import { AnswerReader } from "./read-answer.ts";

const event = (given: Record<string, unknown>) => given as unknown as RawMessageStreamEvent;
const start = event({ type: "message_start", message: { usage: { input_tokens: 7, output_tokens: 1 } } });
const opened = (index: number, content_block: Record<string, unknown>) =>
  event({ type: "content_block_start", index, content_block });
const delta = (given: Record<string, unknown>) =>
  event({ type: "content_block_delta", index: 0, delta: given });

test("[model.answers.endless.usage] an answer that was cut off counts about as many tokens as it had", () => {
  const reader = new AnswerReader();
  reader.take(start);
  reader.take(opened(0, { type: "text", text: "" }));
  reader.take(delta({ type: "text_delta", text: "x".repeat(ANSWER_LENGTH_MAX) }));
  const { stopReason, usage } = reader.finish();
  expect(stopReason).toBe("max_tokens");
  expect(usage.inputTokens).toBe(7);
  expect(usage.outputTokens).toBeGreaterThan(ANSWER_LENGTH_MAX / 4);
  expect(usage.outputTokens).toBeLessThan(ANSWER_LENGTH_MAX / 3.9);
});

test("[model.answers.endless.usage] tokens that the provider has counted are not estimated", () => {
  const reader = new AnswerReader();
  const end = { type: "message_delta", delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 2 } };
  const text = opened(0, { type: "text", text: "Hello, and much more of it" });
  for (const given of [start, text, event(end), event({ type: "message_stop" })]) reader.take(given);
  expect(reader.finish()).toMatchObject({ stopReason: "max_tokens", usage: { outputTokens: 2 } });
});

test.each([["12"], [-5], [1.5], [{}], [null]])(
  "[model.usage.odd] a count %j of tokens is none, and takes nothing back",
  (odd) => {
    const reader = new AnswerReader();
    const usage = { input_tokens: odd, output_tokens: odd, cache_read_input_tokens: odd };
    reader.take(start);
    reader.take(event({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage }));
    reader.take(event({ type: "message_stop" }));
    expect(reader.finish().usage).toEqual({
      inputTokens: 7,
      outputTokens: 1,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
    });
  },
);

test("[model.usage.odd] an answer without any usage is an answer", () => {
  const reader = new AnswerReader();
  reader.take(event({ type: "message_start", message: {} }));
  reader.take(opened(0, { type: "text", text: "Hello" }));
  reader.take(event({ type: "message_delta", delta: { stop_reason: "max_tokens" } }));
  reader.take(event({ type: "message_stop" }));
  expect(reader.finish()).toMatchObject({
    content: [{ type: "text", text: "Hello" }],
    stopReason: "max_tokens",
    usage: { inputTokens: 0, outputTokens: 0 },
  });
});

test("[model.answers.odd] blocks and pieces that are no texts have texts all the same", () => {
  const reader = new AnswerReader();
  const given = [
    opened(0, { type: "text" }),
    delta({ type: "text_delta", text: null }),
    delta({ type: "text_delta", text: "Hello" }),
    opened(1, { type: "tool_use", input: {} }),
    opened(2, { type: "tool_use", id: 5, name: 7 }),
    opened(3, { type: "tool_use", id: {}, name: [] }),
    event({ type: "message_stop" }),
  ];
  const deltas = given.flatMap((part) => reader.take(part) ?? []);
  expect(deltas).toEqual([{ type: "text", text: "Hello" }]);
  expect(reader.finish().content).toEqual([
    { type: "text", text: "Hello" },
    { type: "tool_use", id: "", name: "", input: {} },
    { type: "tool_use", id: "5", name: "7", input: {} },
    { type: "tool_use", id: "", name: "", input: {} },
  ]);
});

const signature = "s".repeat(1_024);
test.each<[string, number, (index: number) => RawMessageStreamEvent]>([
  ["empty deltas", ANSWER_LENGTH_MAX, () => delta({ type: "text_delta", text: "" })],
  ["signatures", 5_000, () => delta({ type: "signature_delta", signature })],
  ["empty blocks", 200_000, (index) => opened(index, { type: "text", text: "" })],
  ["calls", 100_000, (index) => opened(index, { type: "tool_use", id: "a", name: "echo", input: {} })],
])("[model.answers.endless.empty] a stream of %s is cut off", (_what, most, eventOf) => {
  const reader = new AnswerReader();
  let taken = 0;
  for (; taken <= most && !reader.isFull; taken += 1) reader.take(eventOf(taken));
  expect(reader.isFull).toBe(true);
  expect(reader.finish().stopReason).toBe("max_tokens");
});

test("[model.answers.stop-reason] a reason to end stays when more of the usage follows", () => {
  const reader = new AnswerReader();
  const ends = ["max_tokens", null].map((stop_reason) =>
    event({ type: "message_delta", delta: { stop_reason }, usage: { input_tokens: 0, output_tokens: 2 } }),
  );
  for (const given of [start, ...ends, event({ type: "message_stop" })]) reader.take(given);
  expect(reader.finish()).toMatchObject({ stopReason: "max_tokens", usage: { inputTokens: 7 } });
});

test("[model.answers.parts] blocks that share an index are blocks of their own", () => {
  const reader = new AnswerReader();
  const call = { type: "tool_use", id: "call_1", name: "echo", input: {} };
  const text = [opened(0, { type: "text", text: "" }), delta({ type: "text_delta", text: "Hello" })];
  for (const given of [...text, opened(0, call), event({ type: "message_stop" })]) reader.take(given);
  expect(reader.finish().content).toEqual([{ type: "text", text: "Hello" }, call]);
});

test("[model.answers.odd] events that have nothing in them are passed over", () => {
  const reader = new AnswerReader();
  const odd = ["message_start", "content_block_start", "content_block_delta", "message_delta"];
  const nothing = { message: null, content_block: null, delta: null, index: 0 };
  reader.take(opened(0, { type: "text", text: "Hello" }));
  for (const type of odd) reader.take(event({ ...nothing, type }));
  reader.take(event({ type: "message_stop" }));
  expect(reader.finish().content).toEqual([{ type: "text", text: "Hello" }]);
});
