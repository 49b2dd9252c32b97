import { expect, test } from "vitest";
import { readArguments, readJsonArguments, splitWords } from "./tool-arguments.ts";

const parameters = {
  type: "object",
  properties: {
    path: { type: "string" },
    head: { type: "integer" },
    ratio: { type: ["number", "null"] },
    deep: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
    counts: { type: "array", items: { $ref: "#/$defs/count" } },
    filter: { type: "object" },
    either: { anyOf: [{ type: "boolean" }, { type: "string" }] },
    level: { enum: ["low", "high"] },
    anything: {},
    circle: { $ref: "#/$defs/circle" },
    spiral: { $ref: "#/$defs/spiral" },
  },
  $defs: {
    count: { type: "integer" },
    circle: { $ref: "#/$defs/circle" },
    spiral: {
      anyOf: [{ type: "integer" }, ...Array.from({ length: 20 }, () => ({ $ref: "#/$defs/spiral" }))],
    },
  },
};

test.for([
  ["path=1", { path: "1" }],
  ["path=a=b", { path: "a=b" }],
  ["path=", { path: "" }],
  ["head=5", { head: 5 }],
  ["ratio=0.5", { ratio: 0.5 }],
  ["ratio=null", { ratio: null }],
  ["deep=true", { deep: true }],
  ["tags=1 tags=b", { tags: ["1", "b"] }],
  ["tags=one", { tags: ["one"] }],
  ['tags=["x"]', { tags: ["x"] }],
  ["counts=1 counts=2", { counts: [1, 2] }],
  ['filter={"a":1}', { filter: { a: 1 } }],
  ["either=true", { either: true }],
  ["either=maybe", { either: "maybe" }],
  ["level=high", { level: "high" }],
  ["anything=7", { anything: 7 }],
  ["anything=null", { anything: null }],
  ["unknown=word", { unknown: "word" }],
  ["circle=7", { circle: 7 }],
  ["spiral=7", { spiral: 7 }],
  ["__proto__=x", Object.fromEntries([["__proto__", "x"]])],
] as const)("[cli.tool.arguments] %s becomes what the tool's schema wants", ([words, expected]) => {
  expect(readArguments(splitWords(words.split(" ")), parameters)).toEqual(expected);
});

test("[cli.tool.arguments] without a schema what is JSON is read so, and the rest is text", () => {
  expect(readArguments(splitWords(["a=1", "b=x", "c=[1]"]), null)).toEqual({ a: 1, b: "x", c: [1] });
});

test.for([
  ["head=many", /head must be integer, but "many" is not/],
  ["counts=x", /counts must be integer/],
  ["deep=1", /deep must be boolean/],
  ["filter=x", /filter must be object/],
  ["nothing", /"nothing" is not key=value/],
  ["=x", /"=x" is not key=value/],
] as const)("[cli.tool.arguments] %s is refused, and the reason names it", ([word, message]) => {
  expect(() => readArguments(splitWords([word]), parameters)).toThrow(message);
});

test("[cli.tool.arguments] --json-args takes one object", () => {
  expect(readJsonArguments('{"a":[1]}')).toEqual({ a: [1] });
  for (const text of ["", "[]", "1", "null", "{"])
    expect(() => readJsonArguments(text)).toThrow("--json-args");
});
