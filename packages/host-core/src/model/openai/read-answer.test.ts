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
