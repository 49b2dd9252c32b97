import { expect, test } from "vitest";
import type { ServerTool } from "../connection/connection.ts";
import { Catalogue } from "./catalogue.ts";
import { unifiedName } from "./names.ts";
import { unifyTools } from "./unified-tools.ts";

function tool(name: string): ServerTool {
  return { name, description: null, inputSchema: { type: "object" }, outputSchema: null, annotations: null };
}

function connected(server: string, ...names: string[]) {
  return { server, tools: names.map(tool), withheld: new Map(), connecting: false };
}

const catalogue = new Catalogue([
  connected("files", "read", "write", "list.all"),
  connected("notes", "write", "search"),
  { server: "slow", tools: null, withheld: new Map(), connecting: true },
  { server: "dead", tools: null, withheld: new Map(), connecting: false },
]);

test.each([
  ["files", "read", "read"],
  ["files", "files__read", "read"],
  [undefined, "files__read", "read"],
  [undefined, unifiedName("files", "list.all"), "list.all"],
])("[host.resolve.names] server %s with tool %s is found", (server, name, toolName) => {
  expect(catalogue.resolve(server, name)).toMatchObject({ ok: true, server: "files", toolName });
});

test("[host.resolve.names] a bare name works when exactly one server has it", () => {
  const settled = new Catalogue([connected("files", "read"), connected("notes", "search")]);
  expect(settled.resolve(undefined, "search")).toMatchObject({ ok: true, server: "notes" });
});

test("[host.resolve.waiting] a bare name waits for servers that may have it too, a unified one does not", () => {
  expect(catalogue.resolve(undefined, "search")).toMatchObject({ ok: false, waitFor: ["slow"] });
  expect(catalogue.resolve(undefined, "notes__search")).toMatchObject({ ok: true, server: "notes" });
});

test.each([
  ["slow", "anything"],
  [undefined, "slow__anything"],
])("[host.resolve.waiting] %s %s leads to the server whose tools are not known", (server, name) => {
  expect(catalogue.resolve(server, name)).toMatchObject({ ok: true, server: "slow", tool: null });
});

test.each([
  ["nobody", "read", "unknown_server", /files, notes, slow, dead/],
  ["files", "reed", "unknown_tool", /read/],
  [undefined, "reed", "unknown_tool", /files__read/],
  [undefined, "write", "ambiguous_tool", /files__write, notes__write/],
])(
  "[host.resolve.errors] server %s with tool %s is %s and says what there is",
  (server, name, code, text) => {
    const error = { code, message: expect.stringMatching(text) as string };
    expect(catalogue.resolve(server, name)).toMatchObject({ ok: false, error });
  },
);

test.each([
  ["files", "drop"],
  ["files", "files__drop"],
  [undefined, "files__drop"],
  [undefined, "drop"],
  ["files", "drop.all"],
  [undefined, unifiedName("files", "drop.all")],
])(
  "[host.filters.call] server %s with tool %s, which is withheld, is refused and says why",
  (server, name) => {
    const why = "it is denied";
    const withheld = new Map([
      ["drop", why],
      ["drop.all", why],
    ]);
    const filtered = new Catalogue([
      { ...connected("files", "read"), withheld },
      connected("notes", "search"),
    ]);
    const error = { code: "unknown_tool", message: why };
    expect(filtered.resolve(server, name)).toMatchObject({ ok: false, error });
    expect(filtered.resolve("notes", name)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("search") as string },
    });
  },
);

test("[host.names.order] the order of tools does not depend on the order of servers", () => {
  const one = connected("b", "y", "x");
  const other = connected("a", "z");
  expect(unifyTools([one, other]).map(({ name }) => name)).toEqual(["a__z", "b__x", "b__y"]);
  expect(unifyTools([other, one])).toEqual(unifyTools([one, other]));
});

/** Found by search: both sanitise to the same text, and their hashes begin alike. */
const COLLIDING = ["..././././/..//.././", "...///..././.././..."] as const;

function namesByTool(...tools: string[]): Record<string, string> {
  const unified = unifyTools([connected("s", ...tools)]);
  return Object.fromEntries(unified.map(({ tool_name, name }) => [tool_name, name]));
}

test("[host.names.unique] even two names with the same hash are told apart, in any order", () => {
  const [one, other] = COLLIDING;
  expect(unifiedName("s", one)).toBe(unifiedName("s", other));
  const unified = namesByTool(one, other);
  expect(new Set(Object.values(unified)).size).toBe(2);
  expect(Object.values(unified).every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name))).toBe(true);
  expect(namesByTool(other, one)).toEqual(unified);
});

test("[host.names.many] 500 tools with odd names are named legally, uniquely and in order", () => {
  const names = Array.from({ length: 500 }, (_none, index) => `${"deep/".repeat(index % 20)}tool.${index}`);
  const unified = unifyTools([connected("a.server", ...names)]).map(({ name }) => name);
  expect(new Set(unified).size).toBe(500);
  expect(unified.filter((name) => !/^[A-Za-z0-9_-]{1,64}$/.test(name))).toEqual([]);
  const reversed = unifyTools([connected("a.server", ...names.toReversed())]).map(({ name }) => name);
  expect(reversed).toEqual(unified);
});
