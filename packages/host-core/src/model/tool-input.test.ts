import { expect, test } from "vitest";
import { readToolInput } from "./tool-input.ts";

test.each([
  ['{"a":1}', { a: 1 }],
  ["", {}],
  ["  ", {}],
])("[model.tool-input.read] %j is %j", (json, input) => expect(readToolInput(json)).toEqual({ input }));

test.each(['{"a":', "[1]", "null", '"text"', "a=1"])(
  "[model.tool-input.malformed] %j is no JSON object, and kept as it is",
  (json) => expect(readToolInput(json)).toEqual({ input: {}, malformed_input: json }),
);

test("[model.tool-input.malformed] of a long one the first 2,000 characters are kept", () => {
  expect(readToolInput(`{"a":"${"x".repeat(5_000)}`).malformed_input).toHaveLength(2_000);
});
