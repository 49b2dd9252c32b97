import { expect, test } from "vitest";
import { call, report, settings, startHost } from "./hosts.ts";

/** A server of protocol 2026-07-28 whose lists lack what they must have, and whose tools are named after what they answer. */
const SERVER = `
import { createInterface } from "node:readline";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const ANSWERS = {
  text: { result: "done" },
  bare: { result: { content: "done" } },
  first: { result: { toolResult: "done" } },
  values: { result: { resultType: "complete", structuredContent: [1] } },
  error: { error: "done" },
  curious: {
    result: {
      resultType: "input_required", requestState: "s",
      inputRequests: { roots: { method: "roots/list", params: {} } },
    },
  },
};
const METHODS = {
  initialize: () => ({ error: { code: -32022, message: "no", data: { supported: ["2026-07-28"] } } }),
  "server/discover": () => ({
    result: {
      resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { tools: {} },
      serverInfo: { name: "odd", version: "1" }, ttlMs: 1000, cacheScope: "private",
    },
  }),
  "tools/list": () => ({
    result: { tools: Object.keys(ANSWERS).map((name) => ({ name, inputSchema: { type: "object" } })) },
  }),
  "tools/call": ({ name }) => ANSWERS[name],
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id !== undefined) say({ id, ...METHODS[method]?.(params) });
});
`;

function startOdd() {
  const args = ["--input-type=module", "--eval", SERVER];
  return startHost([settings("odd", { type: "stdio", command: process.execPath, args, env: {} })]);
}

test("[protocol.modern.questions] a tool that asks what its server may not ask is told of with the cure", async () => {
  expect(await call(await startOdd(), "odd", "curious")).toMatchObject({
    ok: false,
    error: {
      code: "call_rejected",
      message: expect.stringMatching(/asked for what it does not get.*"sampling", "elicitation" or "roots"/),
    },
  });
});

test("[protocol.modern.mended] odd answers of a new server take nothing from its tools, and nothing of their results", async () => {
  const host = await startOdd();
  expect(report(host, "odd")).toMatchObject({ status: "connected", last_error: null });
  const quoted = (text: string) => ({ ok: true, result: { content: [{ type: "text", text }] } });
  const part = "[a part of the result that is no MCP content]";
  expect(await call(host, "odd", "text")).toMatchObject(quoted(`${part}: "done"`));
  expect(await call(host, "odd", "bare")).toMatchObject(quoted(`${part}: "done"`));
  const whole = '[a result that is no MCP content]: {"toolResult":"done"}';
  expect(await call(host, "odd", "first")).toMatchObject(quoted(whole));
  expect(await call(host, "odd", "values")).toMatchObject(quoted("[structured content]: [1]"));
  expect(await call(host, "odd", "error")).toMatchObject({
    ok: false,
    error: { code: "call_rejected", message: expect.stringMatching(/refused by its server: done$/) },
  });
});
