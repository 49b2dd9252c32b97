import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createHost, createServerSettings } from "@millrace/host-core";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import type { Side } from "../target.ts";

/** Calls a tool that returns its text. Rejects when anything else comes back. */
export interface Caller extends AsyncDisposable {
  call: (text: string) => Promise<void>;
}

export type Callers = Readonly<Record<Side, Caller>>;

/** Where the server is: a program of its own for each caller, or the same URL for both. */
export type Place = { type: "stdio" } | { type: "http"; url: string };

const TOOL = "echo";
const SERVER_NAME = "fixture";
/** Logs nothing. */
export const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function check(content: unknown, text: string): void {
  const [block] = Array.isArray(content) ? (content as { text?: unknown }[]) : [];
  if (block?.text !== text) throw new Error(`the echo is ${JSON.stringify(content)}`);
}

/** A client of the SDK, and nothing else. */
async function connectDirectly(place: Place): Promise<Caller> {
  const client = new Client({ name: "bench", version: "1.0.0" });
  const transport =
    place.type === "stdio"
      ? new StdioClientTransport({ command: process.execPath, args: [FIXTURE_STDIO_PROGRAM] })
      : new StreamableHTTPClientTransport(new URL(place.url));
  await client.connect(transport);
  await client.listTools();
  return {
    async call(text) {
      const { content } = await client.callTool({ name: TOOL, arguments: { text } });
      check(content, text);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function connectThroughHost(place: Place): Promise<Caller> {
  const transport =
    place.type === "stdio"
      ? { ...place, command: process.execPath, args: [FIXTURE_STDIO_PROGRAM], env: {} }
      : { ...place, headers: {} };
  const server = createServerSettings({ name: SERVER_NAME, transport, maxConcurrentTools: 50 });
  const host = createHost({ servers: [server], logger: SILENT });
  host.start();
  await host.whenWarm(30_000);
  const { signal } = new AbortController();
  return {
    async call(text) {
      const request = { server: SERVER_NAME, tool: TOOL, arguments: { text }, signal };
      // As a tool job calls: it asks for proof should it be cancelled.
      const outcome = await host.callTool({ ...request, onStopping: () => {} });
      if (!outcome.ok) throw new Error(outcome.error.message);
      check(outcome.result.content, text);
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
}

export async function connectCallers(place: Place): Promise<Callers & AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const floor = resources.use(await connectDirectly(place));
  const system = resources.use(await connectThroughHost(place));
  const owned = resources.move();
  return { floor, system, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
