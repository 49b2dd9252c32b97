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

test.each([
  ["nests 100 levels deep", `${'{"a":'.repeat(100)}1${"}".repeat(100)}`, true],
  ["nests too deep", `${'{"a":'.repeat(101)}1${"}".repeat(101)}`, false],
  ["nests very deep", `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`, false],
  ["has a number that is too large", '{"a":[1e999]}', false],
  ["has a key that would be lost", '{"__proto__":{}}', false],
])("[model.tool-input.unfit] whether an object can be passed on that %s", (_how, json, isFit) => {
  expect(readToolInput(json).malformed_input).toBe(isFit ? undefined : json.slice(0, 2_000));
});

test("[model.tool-input.malformed] of a long one the first 2,000 characters are kept", () => {
  expect(readToolInput(`{"a":"${"x".repeat(5_000)}`).malformed_input).toHaveLength(2_000);
});
