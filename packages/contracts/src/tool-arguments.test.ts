import v8 from "node:v8";
import vm from "node:vm";
import { expect, test, vi } from "vitest";
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

test("[contract.arguments.default] what is required and has a default may be left out", () => {
  const scale = { enum: ["css", "device"], default: "css" };
  const properties = { scale, path: { type: "string" }, on: { default: null } };
  const schema = { type: "object", properties, required: ["scale", "path", "on"] };
  expect(checkToolArguments(schema, { path: "a" })).toEqual([]);
  expect(checkToolArguments(schema, {})).toEqual([
    { path: "arguments.path", message: "must have required property 'path'" },
  ]);
  expect(checkToolArguments(schema, { path: "a", scale: "other" })).toMatchObject([
    { path: "arguments.scale" },
  ]);
  const list = { type: "object", properties: { list: { items: { $ref: "#/$defs/one" } } } };
  const nested = { ...list, $defs: { one: schema } };
  expect(checkToolArguments(nested, { list: [{ path: "a" }, {}] })).toMatchObject([
    { path: "arguments.list[1].path" },
  ]);
  const many = Array.from({ length: 20_000 }, () => ({ path: "a" }));
  expect(checkToolArguments(nested, { list: [...many, {}, {}] })).toMatchObject([
    { path: "arguments.list[20000].path" },
  ]);
  // Either may be meant.
  const either = { type: "object", oneOf: [schema, { ...schema, required: ["path"] }] };
  expect(checkToolArguments(either, { path: "a" })).toEqual([]);
  // The server has filled them in by now.
  expect(checkStructuredContent(schema, { path: "a" })).toMatchObject([{ path: "structured_content.scale" }]);
});

test("[contract.arguments.async] a schema that calls itself asynchronous is checked as any other", () => {
  const text = { type: "object", properties: { a: { type: "string" } } };
  const both = (schema: object) => [
    checkToolArguments(schema, { a: 1 }).map(({ path }) => path),
    checkStructuredContent(schema, { a: 1 }).map(({ path }) => path),
  ];
  expect(both({ $async: true, ...text })).toEqual([["arguments.a"], ["structured_content.a"]]);
  // Deeper it cannot be compiled. A promise would be left that rejects, and fail the run.
  expect(both({ type: "object", properties: { a: { $async: true, type: "string" } } })).toEqual([[], []]);
  const $defs = { inner: { $async: true, $dynamicAnchor: "inner", ...text } };
  expect(both({ ...text, $defs, allOf: [{ $ref: "#/$defs/inner" }] })).toEqual([[], []]);
});

test("[contract.arguments.recursive] a schema that refers to itself is followed, and one that does so without end accepts everything", () => {
  const tree = { type: "object", properties: { child: { $ref: "#" } }, required: ["name"] };
  expect(checkToolArguments(tree, { name: "a", child: {} })).toMatchObject([
    { path: "arguments.child.name" },
  ]);
  expect(checkToolArguments({ type: "object", allOf: [{ $ref: "#" }] }, {})).toEqual([]);
});

test("[contract.arguments.pattern] patterns are checked in linear time; those that cannot be are left to the server", () => {
  const names = (pattern: string) => ({
    type: "object",
    properties: { name: { type: "string", pattern } },
    required: ["name", "size"],
  });
  const evil = names("^(a+)+$");
  const told = (schema: object, name: string) => checkToolArguments(schema, { name }).map(({ path }) => path);
  expect(told(evil, "aaa")).toEqual(["arguments.size"]);
  expect(told(evil, `${"a".repeat(40)}!`)).toEqual(["arguments.size", "arguments.name"]);
  expect(told(evil, `${"a".repeat(4_000_000)}!`)).toEqual(["arguments.size"]);
  expect(told(names("^(?=a)(b)\\1$"), "no")).toEqual(["arguments.size"]);
  expect(told(names("(?:ab|c{500}){500}"), "no")).toEqual(["arguments.size"]);
  expect(told(names("^[^\\s]\\s[\\s.]\\\\S\\S$"), "a\u{a0}\u{a0}\\Sb")).toEqual(["arguments.size"]);
  expect(told(names("^\\S\\s$"), "\u{a0}b")).toEqual(["arguments.size", "arguments.name"]);
  // RE2 would take the first for itself, and the second for the spaces of ASCII.
  expect(told(names("^[a-z]{,5}$"), "abc")).toEqual(["arguments.size"]);
  expect(told(names("^[^\\S\\n]+$"), "\u{a0}")).toEqual(["arguments.size"]);
});

test("[contract.arguments.costly] a check that asks too many questions is given up", () => {
  const schema = { type: "object", additionalProperties: { type: "string", pattern: "^a+$" } };
  const texts = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_text, index) => [`k${index}`, "a"]));
  expect(checkToolArguments(schema, { ...texts(20_000), last: 1 })).toMatchObject([
    { path: "arguments.last" },
  ]);
  expect(checkToolArguments(schema, { ...texts(60_000), last: 1 })).toEqual([]);
});

test("[contract.arguments.pattern.names] a pattern that is left to the server refuses no name and no value wrongly", () => {
  const schema = (pattern: string) => ({
    type: "object",
    patternProperties: { [pattern]: { type: "number" } },
    additionalProperties: false,
  });
  expect(checkToolArguments(schema("^x-"), { "x-a": 1 })).toEqual([]);
  expect(checkToolArguments(schema("^x-"), { "x-a": "one" })).toMatchObject([{ path: "arguments.x-a" }]);
  expect(checkToolArguments(schema("^x-"), { a: 1 })).toMatchObject([{ path: "arguments.a" }]);
  expect(checkToolArguments(schema("^(?!x-)"), { "x-a": "one" })).toEqual([]);
  const not = { type: "object", properties: { a: { not: { pattern: "^(?!x-)" } } } };
  expect(checkToolArguments(not, { a: "x-a" })).toEqual([]);
});

test("[contract.arguments.unique] items are compared by their values, and hundreds of thousands are left to the server", () => {
  const schema = { type: "object", properties: { list: { type: "array", uniqueItems: true } } };
  const list = Array.from({ length: 2_000 }, (_item, id) => ({ id, of: { a: 1, b: 2 } }));
  expect(checkToolArguments(schema, { list })).toEqual([]);
  expect(checkToolArguments(schema, { list: [...list, { of: { b: 2, a: 1 }, id: 7 }] })).toEqual([
    { path: "arguments.list", message: "must not have the same item twice" },
  ]);
  const many = Array.from({ length: 300_000 }, () => ({}));
  expect(checkToolArguments(schema, { list: many })).toEqual([]);
  const not = { properties: { list: { not: { type: "array", uniqueItems: true } } } };
  expect(checkToolArguments(not, { list })).toHaveLength(1);
  expect(checkToolArguments(not, { list: many })).toEqual([]);
  schema.properties.list.uniqueItems = false;
  expect(checkToolArguments({ ...schema }, { list: [1, 1] })).toEqual([]);
});

test("[contract.arguments.enum] a value is found among those that are allowed, whatever they are made of", () => {
  const allowed = [1, "two", null, false, { a: 1, b: [2] }, [3]];
  const schema = { type: "object", properties: { kind: { enum: allowed } } };
  for (const kind of [...allowed, { b: [2], a: 1 }]) {
    expect(checkToolArguments(schema, { kind })).toEqual([]);
  }
  for (const kind of [0, "1", "null", true, {}, { a: 1, b: [3] }, { a: 1, b: [2], c: 3 }, ["3"], "[3]"]) {
    expect(checkToolArguments(schema, { kind })).toEqual([
      { path: "arguments.kind", message: "must be equal to one of the allowed values" },
    ]);
  }
  const empty = { type: "object", properties: { kind: { enum: [] } } };
  expect(checkToolArguments(empty, { kind: 1 })).toEqual([]);
});

test("[contract.arguments.enum.many] many values are found among very many allowed ones; too many large ones are left to the server", () => {
  const texts = (length: number) => Array.from({ length }, (_text, index) => `value ${index}`);
  const list = (items: object) => ({ type: "object", properties: { list: { items } } });
  const schema = list({ enum: texts(200_000) });
  expect(checkToolArguments(schema, { list: texts(200_000) })).toEqual([]);
  expect(checkToolArguments(schema, { list: [...texts(200_000), "other"] })).toMatchObject([
    { path: "arguments.list[200000]" },
  ]);
  const objects = list({ enum: [{ a: 1 }] });
  const many = Array.from({ length: 20_000 }, () => ({ a: 1 }));
  expect(checkToolArguments(objects, { list: [{ a: 2 }, ...many] })).toHaveLength(1);
  expect(checkToolArguments(objects, { list: [...many, { a: 2 }] })).toEqual([]);
  expect(
    checkToolArguments(list({ not: { enum: [{ a: 1 }] } }), { list: many.map(() => ({ a: 2 })) }),
  ).toEqual([]);
});

test("[contract.arguments.dialect.old] a schema of an older dialect is checked by its own rules, also when it does not name it", () => {
  const tuple = { type: "object", properties: { pair: { items: [{ type: "number" }, { type: "string" }] } } };
  const named = { $schema: "http://json-schema.org/draft-07/schema#", ...tuple };
  for (const schema of [tuple, named, { id: "old", ...tuple }]) {
    expect(checkToolArguments(schema, { pair: [1, "two"] })).toEqual([]);
    expect(checkToolArguments(schema, { pair: [1, 2] })).toMatchObject([{ path: "arguments.pair[1]" }]);
  }
});

test("[contract.arguments.memory] a schema that nobody holds any more is let go, also one that cannot be compiled", async () => {
  const references = Array.from({ length: 20 }, (_item, index) => {
    const type = index % 2 === 0 ? "number" : "nonsense";
    const properties = { a: { type }, [`b${index}`]: { pattern: `^b${index}$` } };
    const schema = { type: "object", properties };
    checkToolArguments(schema, { a: 1 });
    return new WeakRef(properties);
  });
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  await vi.waitFor(() => {
    collect();
    expect(references.filter((reference) => reference.deref() !== undefined)).toEqual([]);
  }, 20_000);
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
