import { expect, test } from "vitest";
import { checkStructuredContent, checkToolArguments } from "./tool-arguments.ts";

const SCHEMA = {
  type: "object",
  properties: {
    path: { type: "string" },
    edits: {
      type: "array",
      items: { type: "object", required: ["from"], properties: { from: { type: "string" } } },
    },
  },
  required: ["path"],
  additionalProperties: false,
};

test("[contract.arguments.paths] names the path of everything that does not fit", () => {
  expect(checkToolArguments(SCHEMA, { path: "a", edits: [{ from: "b" }] })).toEqual([]);
  const errors = checkToolArguments(SCHEMA, { edits: [{ from: "b" }, { from: 1 }, {}], more: true });
  expect(errors.map(({ path }) => path).toSorted()).toEqual([
    "arguments.edits[1].from",
    "arguments.edits[2].from",
    "arguments.more",
    "arguments.path",
  ]);
});

test("[contract.arguments.many] of arguments that are wrong in a thousand places the first hundred are told, of larger ones the first", () => {
  const wrong = (length: number) => ({ path: "a", edits: Array.from({ length }, () => 0) });
  const errors = checkToolArguments(SCHEMA, wrong(1_000));
  expect(errors).toHaveLength(101);
  expect(errors[99]).toEqual({ path: "arguments.edits[99]", message: "must be object" });
  expect(errors[100]?.message).toContain("and more");
  expect(checkToolArguments(SCHEMA, wrong(1_000_000))).toEqual([
    { path: "arguments.edits[0]", message: "must be object" },
  ]);
  const long = checkToolArguments(SCHEMA, { path: "a", ["k".repeat(1_000_000)]: 1 });
  expect(JSON.stringify(long).length).toBeLessThan(1_000);
});

test("[contract.arguments.bad-schema] leaves the judgement to the server when the schema cannot be compiled", () => {
  expect(checkToolArguments({ type: "object", properties: { a: { $ref: "#/missing" } } }, { a: 1 })).toEqual(
    [],
  );
  expect(checkToolArguments({ type: "nonsense" }, { a: 1 })).toEqual([]);
});

test("[contract.arguments.dialect] takes a schema of any dialect", () => {
  const schema = { $schema: "http://json-schema.org/draft-07/schema#", $id: "x", ...SCHEMA };
  expect(checkToolArguments(schema, {})).toHaveLength(1);
  expect(checkToolArguments({ ...schema }, { path: "a" })).toEqual([]);
});

test("[contracts.output.path] structured content that does not fit is told with its path, the first error alone", () => {
  const schema = {
    type: "object",
    properties: { counts: { items: { type: "number" } } },
    required: ["counts"],
  };
  expect(checkStructuredContent(schema, { counts: [1, 2] })).toEqual([]);
  expect(checkStructuredContent(schema, { counts: [1, "two", "three"] })).toEqual([
    { path: "structured_content.counts[1]", message: "must be number" },
  ]);
  expect(checkStructuredContent(schema, {})).toMatchObject([{ path: "structured_content.counts" }]);
  expect(checkStructuredContent(schema, null)).toMatchObject([{ path: "structured_content" }]);
  expect(checkStructuredContent({ type: "nonsense" }, { a: 1 })).toEqual([]);
});
