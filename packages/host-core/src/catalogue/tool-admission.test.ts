import { expect, test } from "vitest";
import type { ServerTool } from "../connection/connection.ts";
import { pinOf } from "./pin.ts";
import { ToolAdmission, type AdmissionRules } from "./tool-admission.ts";

function tool(name: string, changes: Partial<ServerTool> = {}): ServerTool {
  const inputSchema = { type: "object", required: ["a"] };
  return { name, description: "old", inputSchema, outputSchema: null, annotations: null, ...changes };
}

function setUp(given: Partial<AdmissionRules>) {
  const warnings: string[] = [];
  const admission = new ToolAdmission((warning) => warnings.push(warning));
  const rules: AdmissionRules = {
    name: "s",
    allowTools: null,
    denyTools: [],
    pin: "off",
    pins: {},
    ...given,
  };
  const admit = (listed: ServerTool[], now: Partial<AdmissionRules> = {}) => {
    const { tools, withheld } = admission.admit({ ...rules, ...now }, listed);
    return { names: tools.map(({ name }) => name), withheld };
  };
  return { admit, warnings };
}

const LISTED = [tool("read_file"), tool("read_secret"), tool("write_file")];

test.each<[Partial<AdmissionRules>, string[]]>([
  [{}, ["read_file", "read_secret", "write_file"]],
  [{ allowTools: ["read_*"] }, ["read_file", "read_secret"]],
  [{ denyTools: ["*_file"] }, ["read_secret"]],
  [{ allowTools: ["read_*", "write_file"], denyTools: ["*secret*"] }, ["read_file", "write_file"]],
  [{ allowTools: ["read_file"], denyTools: ["read_file"] }, []],
  [{ allowTools: [] }, []],
])("[host.filters.globs] %j lets %j through: deny goes before allow", (rules, expected) => {
  const { names, withheld } = setUp(rules).admit(LISTED);
  expect(names).toEqual(expected);
  expect(withheld.size).toBe(LISTED.length - expected.length);
});

test("[host.filters.idle] a glob that fits no tool is told of once, not with every listing", () => {
  const { admit, warnings } = setUp({ allowTools: ["read_*", "raed_*"], denyTools: ["delete_?"] });
  admit(LISTED);
  admit(LISTED);
  expect(warnings).toEqual([
    '"raed_*" in "allow_tools" fits none of the server\'s tools',
    '"delete_?" in "deny_tools" fits none of the server\'s tools',
  ]);
});

test.each<[string, Partial<ServerTool>]>([
  ["description", { description: "new" }],
  ["input schema", { inputSchema: { type: "object", required: ["b"] } }],
  ["output schema", { outputSchema: { type: "object" } }],
  ["annotations", { annotations: { readOnlyHint: true } }],
])("[host.pin.change] another %s is a change", (_what, changes) => {
  const { admit, warnings } = setUp({ pin: "warn" });
  expect(admit([tool("t")]).names).toEqual(["t"]);
  expect(warnings).toEqual([]);
  const changed = tool("t", changes);
  expect(admit([changed]).names).toEqual(["t"]);
  expect(admit([changed]).names).toEqual(["t"]);
  expect(warnings).toEqual([expect.stringContaining(`"pins": {"t": "${pinOf(changed)}"}`)]);
});

test("[host.pin.change] the order of a schema's keys is no change", () => {
  const one = tool("t", { inputSchema: { type: "object", title: "x" } });
  expect(pinOf(one)).toBe(pinOf(tool("t", { inputSchema: { title: "x", type: "object" } })));
});

test("[host.pin.flood] each change of a tool is told of once, and so many changes at the most", () => {
  const { admit, warnings } = setUp({ pin: "warn" });
  const versions = Array.from({ length: 2_000 }, (_, index) =>
    tool("t", { description: `version ${index}` }),
  );
  for (const version of versions.slice(0, 20)) for (let times = 0; times < 2; times += 1) admit([version]);
  expect(warnings).toHaveLength(19);
  for (const version of versions) admit([version]);
  expect(warnings).toHaveLength(1_001);
  expect(warnings.at(-1)).toContain("tells no more");
});

test("[host.pin.flood] a server that lists ever new names is remembered and told of within bounds", () => {
  const { admit, warnings } = setUp({ pin: "block" });
  const names = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
  expect(admit(names.map((name) => tool(name))).names).toHaveLength(10_000);
  expect(admit([tool("one too many"), tool("t0")]).names).toEqual(["t0"]);
  expect(warnings).toEqual([expect.stringMatching(/"one too many" is not .*nothing.*10000 other names/)]);
  const pins = { "one too many": pinOf(tool("one too many")) };
  expect(admit([tool("one too many")], { pins }).names).toEqual(["one too many"]);
  admit(names.map((name) => tool(name, { description: "new" })));
  expect(warnings).toHaveLength(1_001);
  expect(warnings.at(-1)).toContain("tells no more");
});

test("[host.pin.block] a changed tool is withheld alone, until it is as it was or approved", () => {
  const { admit, warnings } = setUp({ pin: "block" });
  const changed = tool("t", { description: "new" });
  admit([tool("t"), tool("other")]);
  const blocked = admit([changed, tool("other"), tool("added later")]);
  expect(blocked.names).toEqual(["other", "added later"]);
  expect(blocked.withheld.get("t")).toMatch(/"t" of server "s" is blocked.*"pins"/);
  expect(warnings).toHaveLength(1);
  expect(admit([changed], { pins: { t: pinOf(changed) } }).names).toEqual(["t"]);
  expect(admit([tool("t")]).names).toEqual(["t"]);
});

test("[host.pin.block] a tool that goes and comes back changed is held to what it was", () => {
  const { admit } = setUp({ pin: "block" });
  admit([tool("t")]);
  admit([]);
  expect(admit([tool("t", { description: "new" })]).names).toEqual([]);
});

test("[host.pin.configured] a pin of the configuration counts from the first listing on", () => {
  const { admit } = setUp({ pin: "block", pins: { t: pinOf(tool("t")), u: pinOf(tool("t")) } });
  expect(admit([tool("t"), tool("u"), tool("v")]).names).toEqual(["t", "v"]);
});
