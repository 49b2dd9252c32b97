import type { ServerResponse } from "node:http";
import type { LookupFunction } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startTcpProxy } from "@millrace/testing";
import { ConnectionLostError, NotRunError } from "../src/connection/connection.ts";
import { connect, connections, patience } from "./connections.ts";
import { add, far, serve, SUM, type Intercept } from "./faulty-http.ts";
import { call, report, settings, startHost } from "./hosts.ts";

test("[host.http.hung] that a call was ended by us is no sign of its server's life", async () => {
  const isOver = Promise.withResolvers<void>();
  let isHung = false;
  const server = await serve((request, response) => {
    if (request.method === "GET") response.writeHead(405).end();
    else if (isHung) response.once("close", () => isOver.resolve());
    return isHung || request.method === "GET";
  });
  const { connection } = await connect(connections(), far(server.httpUrl));
  const { heard } = connection;
  isHung = true;
  const sum = connection.callTool("add", { a: 1, b: 2 }, { signal: AbortSignal.timeout(100) });
  await expect(sum).rejects.toMatchObject({ name: "TimeoutError" });
  await isOver.promise;
  expect(connection.heard).toBe(heard);
});

test("[host.sse.unreadable] an event that cannot be read is left out, and the connection goes on", async () => {
  let stream: ServerResponse | null = null;
  const server = await serve((request, response) => {
    if (request.method === "GET") stream = response;
    return false;
  });
  const host = await startHost([settings("far", { type: "sse", url: server.sseUrl, headers: {} })]);
  const slow = call(host, "far", "wait", { arguments: { ms: 500 } });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  for (const data of ["{", "{}", '{"jsonrpc":"2.0","id":{},"result":{}}']) {
    (stream as ServerResponse | null)?.write(`event: message\ndata: ${data}\n\n`);
  }
  expect(await slow).toMatchObject({ ok: true });
  expect(report(host, "far")).toMatchObject({ status: "connected", last_error: null });
});

test("[host.http.unreachable] a call that could not be sent waits for the server, and runs when it is back", async () => {
  const intercept: Intercept = (request, response) => {
    // Each request has a connection of its own: none is cut off in the middle of a request.
    response.setHeader("connection", "close");
    if (request.method === "GET") response.writeHead(405).end();
    return request.method === "GET";
  };
  const first = await serve(intercept);
  const host = await startHost([far(first.httpUrl)]);
  await first.close();
  const waiting = add(host);
  await expect.poll(() => report(host, "far").status, { timeout: 20_000 }).toBe("disconnected");
  expect(report(host, "far").last_error).toContain("ECONNREFUSED");
  await serve(intercept, Number(new URL(first.httpUrl).port));
  expect(await waiting).toMatchObject(SUM);
});

test("[host.http.unsent] a call for which no socket can be opened ends no call that runs on another", async () => {
  const intercept: Intercept = (request, response) => {
    response.setHeader("connection", "close");
    if (request.method === "GET") response.writeHead(405).end();
    return request.method === "GET";
  };
  const server = await serve(intercept);
  // Names that cannot be resolved for a while: what is open stays open.
  const resolver = { isAway: false };
  const lookup: LookupFunction = (_hostname, { all }, callback) => {
    if (resolver.isAway)
      callback(Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" }), "");
    else if (all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
    else callback(null, "127.0.0.1", 4);
  };
  const open = connections({ lookup });
  const url = `http://far:${new URL(server.httpUrl).port}/mcp`;
  const { connection, told } = await connect(open, settings("far", { type: "http", url, headers: {} }));
  const slow = connection.callTool("wait", { ms: 500 }, { signal: patience() });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  resolver.isAway = true;
  const sum = () => connection.callTool("add", { a: 1, b: 2 }, { signal: patience() });
  await expect(sum()).rejects.toBeInstanceOf(NotRunError);
  await expect(connection.ping(patience())).rejects.toBeInstanceOf(NotRunError);
  expect(await slow).toMatchObject({ isError: false });
  resolver.isAway = false;
  expect(await sum()).toMatchObject({ structuredContent: { sum: 3 } });
  expect(told).toEqual([]);
});

test("[host.websocket.silent] a WebSocket whose other side is silent is closed all the same, with what waits on it", async () => {
  const server = await serve(() => false);
  const { port } = new URL(server.webSocketUrl);
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) });
  onTestFinished(() => proxy.close());
  const url = server.webSocketUrl.replace(port, String(proxy.port));
  const { connection } = await connect(
    connections(),
    settings("far", { type: "websocket", url, headers: {} }),
  );
  const slow = connection.callTool("wait", { ms: 60_000 }, { signal: patience() });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  proxy.blackHole();
  const [outcome] = await Promise.allSettled([slow, connection.close()]);
  expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(ConnectionLostError) as Error });
  await expect.poll(() => proxy.connections, { timeout: 20_000 }).toBe(0);
});
