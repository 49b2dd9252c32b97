import { InitializeResultSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { mendHandshake } from "./mend-handshake.ts";
import { translateError } from "./translate-error.ts";

const GOOD = {
  protocolVersion: "2025-06-18",
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: "odd", version: "1" },
};

function mend(result: object): unknown {
  const message = { jsonrpc: "2.0", id: 0, result } as unknown as JSONRPCMessage;
  return (mendHandshake(message) as { result?: unknown }).result;
}

const { serverInfo: _serverInfo, ...nameless } = GOOD;
const unknown = { name: "unknown", version: "unknown" };

test.each<[object, object]>([
  [{ ...GOOD, instructions: null, _meta: null }, GOOD],
  [
    { ...GOOD, serverInfo: { name: "odd" } },
    { ...GOOD, serverInfo: { name: "odd", version: "unknown" } },
  ],
  [nameless, { ...GOOD, serverInfo: unknown }],
  [{ ...GOOD, serverInfo: { ...GOOD.serverInfo, title: null, websiteUrl: 7, icons: [{}] } }, GOOD],
  [
    { ...GOOD, capabilities: { tools: true, prompts: [], resources: null, experimental: 1, logging: false } },
    { ...GOOD, capabilities: { tools: {}, prompts: {} } },
  ],
  [
    { ...GOOD, capabilities: { tools: { listChanged: null }, tasks: { requests: { tools: 1 } } } },
    { ...GOOD, capabilities: { tools: {}, tasks: {} } },
  ],
  [
    { ...GOOD, capabilities: [] },
    { ...GOOD, capabilities: {} },
  ],
])("[host.handshake.mend] %j is taken, without what is odd in it", (given, expected) => {
  const mended = mend(given);
  expect(mended).toEqual(expected);
  expect(InitializeResultSchema.safeParse(mended).success).toBe(true);
});

test("[host.handshake.mend] what is right stays as it is", () => {
  const rich = { ...GOOD, instructions: "hello", more: { a: [1] } };
  expect(mend(rich)).toEqual(rich);
  expect(mend({ tools: [] })).toEqual({ tools: [] });
});

test.each([
  [{ ...GOOD, protocolVersion: 7 }, "protocolVersion: Invalid"],
  [{ ...GOOD, capabilities: null }, "capabilities: Invalid"],
])("[host.handshake.told] what is wrong with %j is told in one line", (given, fault) => {
  const { error } = InitializeResultSchema.safeParse(mend(given));
  const { message } = translateError(error, null);
  expect(message).toContain(`the server's answer is not valid, correct the server: ${fault}`);
  expect(message).not.toContain("\n");
});
