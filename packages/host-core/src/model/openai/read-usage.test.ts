import { expect, test } from "vitest";
import { laterUsage, NO_USAGE } from "./read-usage.ts";

const usage = { prompt_tokens: 10, completion_tokens: 5 };
const COUNTED = { ...NO_USAGE, inputTokens: 10, outputTokens: 5 };

test.each([
  ["the chunk", { usage }, {}],
  ["the choice", {}, { usage }],
  ["a member of its own", { x_groq: { id: "req_1", usage } }, {}],
])("[model.usage.places] usage in %s is read", (_where, chunk, choice) => {
  expect(laterUsage(NO_USAGE, chunk, choice)).toEqual(COUNTED);
});

test("[model.usage.places] what was counted stays, whatever comes after it", () => {
  const counted = laterUsage(NO_USAGE, { usage: { ...usage, completion_tokens: 4 } }, {});
  const zeros = { usage: { prompt_tokens: 0, completion_tokens: 0 } };
  const chunks = [{ usage }, zeros, { usage: {} }, { usage: null }, {}];
  expect(chunks.reduce((before, chunk) => laterUsage(before, chunk, {}), counted)).toEqual(COUNTED);
});

test("[model.usage.thinking] thinking that only the total counts is output", () => {
  const given = { ...usage, total_tokens: 25, completion_tokens_details: { reasoning_tokens: 10 } };
  expect(laterUsage(NO_USAGE, { usage: given }, {})).toMatchObject({ inputTokens: 10, outputTokens: 15 });
  expect(laterUsage(NO_USAGE, { usage: { ...usage, total_tokens: 15 } }, {})).toEqual(COUNTED);
  expect(laterUsage(NO_USAGE, { usage: { ...usage, total_tokens: 3 } }, {})).toEqual(COUNTED);
});
