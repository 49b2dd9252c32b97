import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { createHost, createServerSettings } from "@millrace/host-core";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { jobTools } from "./job-tools.ts";

test("[worker.access.connecting] a job waits for no server that its key may not use", async () => {
  const transport = { type: "stdio", command: "never-started", args: [], env: {} } as const;
  const servers = ["open", "secret"].map((name) => createServerSettings({ name, transport }));
  // Not started, so both are connecting.
  const host = createHost({ servers, logger: pino({ level: "silent" }) });
  onTestFinished(() => host.close());
  const tools = (pattern: string) =>
    jobTools(host, { toolAccess: { servers: [pattern] }, traceparent: "00-trace" });
  const controller = new AbortController();
  const { signal } = controller;
  await tools("open").whenSettled(["secret"], signal);
  await tools("other").whenSettled(undefined, signal);

  const waiting = [undefined, ["open", "secret"]].map((names) => tools("open").whenSettled(names, signal));
  const ends = Promise.allSettled(waiting);
  await setImmediate();
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  expect(await ends).toEqual(waiting.map(() => ({ status: "rejected", reason })));
});

test("[worker.access.away] a tool that a key may not use is refused also while its server is away and lists none", async () => {
  const transport = { type: "stdio", command: "no-such-program", args: [], env: {} } as const;
  const servers = [createServerSettings({ name: "files", transport })];
  const host = createHost({ servers, logger: pino({ level: "silent" }) });
  onTestFinished(() => host.close());
  host.start();
  const { signal } = new AbortController();
  const tools = jobTools(host, { toolAccess: { tools: ["files__read"] }, traceparent: null });
  await tools.whenSettled(undefined, signal);
  const resolve = (tool: string) => tools.resolveTool({ server: "files", tool, signal });
  expect(await resolve("read")).toMatchObject({ ok: true, toolName: "read" });
  expect(await resolve("write")).toMatchObject({ ok: false, error: { code: "unknown_tool" } });
});

const TOOL = { name: "search", inputSchema: { type: "object" } };

/** An MCP server with one tool on every path; the one at `/late` answers from `open()` on. */
async function startServers() {
  const opened = Promise.withResolvers<void>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "POST") return void response.writeHead(405).end();
    const { id, method, params } = (await json(request)) as {
      id?: number;
      method: string;
      params?: { protocolVersion: string };
    };
    if (request.url === "/late") await opened.promise;
    if (id === undefined) return void response.writeHead(202).end();
    const serverInfo = { name: "searching", version: "1" };
    const greeting = { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo };
    const result = method === "initialize" ? greeting : { tools: [TOOL] };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, open: opened.resolve };
}

test("[worker.access.name] a job waits for its server also when several that its key may not use have the tool", async () => {
  const { url, open } = await startServers();
  const servers = ["first", "second", "late"].map((name) =>
    createServerSettings({ name, transport: { type: "http", url: `${url}/${name}`, headers: {} } }),
  );
  const host = createHost({ servers, logger: pino({ level: "silent" }) });
  onTestFinished(() => host.close());
  host.start();
  const statuses = () => host.reports().map(({ status }) => status);
  await vi.waitFor(() => expect(statuses()).toEqual(["connected", "connected", "connecting"]), 20_000);
  const reasons: string[] = [];
  const onWaiting = (reason: string): void => {
    reasons.push(reason);
    open();
  };
  const tools = jobTools(host, { toolAccess: { servers: ["late"] }, traceparent: null });
  const { signal } = new AbortController();
  const resolution = await tools.resolveTool({ tool: TOOL.name, signal, onWaiting });
  expect(resolution).toMatchObject({ ok: true, server: "late", toolName: TOOL.name });
  expect(reasons).toEqual(["server"]);
});
