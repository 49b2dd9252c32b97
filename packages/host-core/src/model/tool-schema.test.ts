import type { Tool } from "@millrace/contracts";
import { expect, test } from "vitest";
import { fitTools } from "./tool-schema.ts";

function tool(parameters: Record<string, unknown>, name = "server__tool"): Tool {
  return {
    name,
    server_name: "server",
    tool_name: "tool",
    description: "Does things",
    parameters,
    output_schema: null,
    annotations: null,
  };
}

/** The schema that a provider is offered. */
function fitted(parameters: Record<string, unknown>): Record<string, unknown> {
  const { tools, leftOut } = fitTools([tool(parameters)]);
  expect(leftOut).toEqual([]);
  return { ...tools[0]?.parameters };
}

const a = { type: "string" };
const b = { type: "number" };

test("[model.tools.plain] an object schema stays as it is, but for `$schema`", () => {
  const schema = {
    type: "object",
    description: "All of it",
    properties: { a, b: { anyOf: [a, b] } },
    required: ["a"],
    additionalProperties: false,
    $defs: { x: a },
  };
  expect(fitted({ $schema: "http://json-schema.org/draft-07/schema#", ...schema })).toEqual(schema);
  expect(fitted({ type: "object", additionalProperties: a })).toEqual({
    type: "object",
    properties: {},
    additionalProperties: a,
  });
});

test.each([[{}], [{ type: "object" }], [{ type: ["object", "null"] }], [{ properties: {} }]])(
  "[model.tools.plain] the root %j becomes an object with properties",
  (schema) => expect(fitted(schema)).toEqual({ type: "object", properties: {} }),
);

test.each(["anyOf", "oneOf"])(
  "[model.tools.folded] %s: what all alternatives require is required",
  (keyword) => {
    const schema = {
      type: "object",
      properties: { kind: { type: "string" } },
      required: ["kind"],
      [keyword]: [
        { properties: { kind: { const: "one" }, a }, required: ["a", "b"], type: "object" },
        { properties: { kind: { const: "two" }, b }, required: ["b"] },
        { type: "null" },
      ],
    };
    const { properties, ...rest } = fitted(schema);
    expect(rest).toEqual({ type: "object", required: ["kind", "b"] });
    expect(properties).toEqual({
      kind: { allOf: [{ type: "string" }, { anyOf: [{ const: "one" }, { const: "two" }] }] },
      a,
      b,
    });
  },
);

test("[model.tools.folded] allOf: what any part requires is required", () => {
  const schema = {
    allOf: [{ $ref: "#/$defs/base" }, { properties: { b }, required: ["b"] }, true],
    $defs: { base: { type: "object", properties: { a }, required: ["a"] } },
  };
  expect(fitted(schema)).toEqual({
    type: "object",
    properties: { a, b },
    required: ["a", "b"],
    $defs: schema.$defs,
  });
});

test("[model.tools.folded] further properties stay forbidden only where every alternative forbids them", () => {
  const closed = (properties: object) => ({ type: "object", properties, additionalProperties: false });
  expect(fitted({ anyOf: [closed({ a }), closed({ b })] })).toEqual(closed({ a, b }));
  expect(fitted({ anyOf: [closed({ a }), { properties: { b } }] })).toEqual({
    type: "object",
    properties: { a, b },
  });
  expect(fitted({ ...closed({ a }), anyOf: [{ properties: { b } }] })).toEqual({
    type: "object",
    properties: { a, b },
  });
  expect(fitted({ ...closed({ a, b }), anyOf: [{ required: ["a"] }, { required: ["b"] }] })).toEqual(
    closed({ a, b }),
  );
});

test("[model.tools.folded] a root that is a reference is what it refers to", () => {
  const definitions = { "a/b": { type: "object", properties: { a, again: { $ref: "#" } } } };
  expect(fitted({ $ref: "#/definitions/a~1b", definitions })).toEqual({
    type: "object",
    properties: { a, again: { $ref: "#" } },
    definitions,
  });
});

test.each([
  [
    "a reference to nothing",
    { type: "object", properties: { a: { $ref: "#/$defs/none" } } },
    /#\/\$defs\/none/,
  ],
  ["a reference elsewhere", { $ref: "https://example.com/schema.json" }, /example\.com/],
  [
    "a reference into what is folded",
    { anyOf: [{ properties: { a: { $ref: "#/anyOf/0" } } }] },
    /#\/anyOf\/0/,
  ],
  ["a root that is a string", { type: "string" }, /root is no object/],
  ["alternatives that are no objects", { anyOf: [{ type: "string" }, { type: "null" }] }, /alternatives/],
  ["a root that refers to itself", { anyOf: [{ $ref: "#" }, { $ref: "#" }] }, /themselves/],
  ["a property that providers refuse", { properties: { "two words": a } }, /"two words"/],
])("[model.tools.left-out] %s leaves the tool out and says why", (_what, schema, reason) => {
  const good = tool({ type: "object" }, "server__good");
  const { tools, leftOut } = fitTools([tool(schema), good]);
  expect(tools.map(({ name }) => name)).toEqual(["server__good"]);
  expect(leftOut).toEqual([{ name: "server__tool", reason: expect.stringMatching(reason) as string }]);
});

test("[model.tools.left-out] a `$ref` that is a property or data refers to nothing, and harms nothing", () => {
  const properties = { $ref: { type: "string" }, data: { default: { $ref: "#/none" } } };
  // Providers refuse the `$` of that name, not the reference.
  expect(fitTools([tool({ type: "object", properties })]).leftOut[0]?.reason).toMatch(/named "\$ref"/);
  expect(fitted({ properties: { data: properties.data } })).toMatchObject({ type: "object" });
});

test("[model.tools.bounded] references that double at each step take no time", () => {
  const names = Array.from({ length: 60 }, (_, step) => `step${step}`);
  const $defs = Object.fromEntries(
    names.map((name, step) => {
      const next = { $ref: `#/$defs/${names[step + 1]}` };
      return [name, step === names.length - 1 ? { properties: { a } } : { anyOf: [next, { ...next }] }];
    }),
  );
  expect(fitted({ $ref: "#/$defs/step0", $defs })["properties"]).toEqual({ a });
});

test("[model.tools.bounded] a schema is searched once for all its references by name", () => {
  let reads = 0;
  const named = {
    type: "string",
    get $anchor() {
      reads += 1;
      return "name";
    },
  };
  const properties = { list: { anyOf: Array.from({ length: 200 }, () => ({ $ref: "#name" })) } };
  fitted({ type: "object", properties, $defs: { named } });
  expect(reads).toBeLessThan(10);
});

test("[model.tools.bounded] a list of very many schemas is read like any other", () => {
  const many = Array.from({ length: 200_000 }, () => true);
  const properties = { list: { anyOf: [...many, { $ref: "#gone" }] } };
  const [leftOut] = fitTools([tool({ type: "object", properties })]).leftOut;
  expect(leftOut?.reason).toContain('"#gone" refers to nothing');
});

test("[model.tools.cached] a schema is made fit once, and a turn's tools are the same objects as the last turn's", () => {
  const tools = [tool({ anyOf: [{ properties: { a } }] })];
  expect(fitTools(tools).tools[0]?.parameters).toBe(fitTools(tools).tools[0]?.parameters);
});
