import type { IncomingMessage, ServerResponse } from "node:http";
import type { LookupFunction } from "node:net";
import { pipeline } from "node:stream/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Host } from "@millrace/host-core";
import { startFixtureHttp, type FixtureHttpOptions } from "@millrace/testing";
import { NotRunError } from "../src/connection/connection.ts";
import { connect, connections, patience } from "./connections.ts";
import { call, report, settings, startHost } from "./hosts.ts";

type Intercept = NonNullable<FixtureHttpOptions["intercept"]>;

async function serve(intercept: Intercept, port = 0) {
  const server = await startFixtureHttp({ intercept, port });
  onTestFinished(() => server.close());
  return server;
}

const far = (url: string) => settings("far", { type: "http", url, headers: {} });
const add = (host: Host) => call(host, "far", "add", { arguments: { a: 1, b: 2 } });
const SUM = { ok: true, result: { structured_content: { sum: 3 } } };

/** A server without a stream of its own, whose answers to POST are `respond`'s as soon as that is not null. */
async function startFaulty() {
  const fault: { respond: ((request: IncomingMessage, response: ServerResponse) => unknown) | null } = {
    respond: null,
  };
  const server = await serve((request, response) => {
    if (request.method === "GET") response.writeHead(405).end();
    else if (fault.respond && request.method === "POST") fault.respond(request, response);
    else return false;
    return true;
  });
  const host = await startHost([far(server.httpUrl)]);
  return { host, server, fault };
}

test("[host.http.refused] what is turned away with 4xx has not run, and harms no other call; of a 5xx nobody knows", async () => {
  const { host, fault } = await startFaulty();
  const answer = (status: number) => {
    fault.respond = (request, response) => {
      request.resume();
      response.writeHead(status).end("no");
    };
  };
  for (const status of [403, 413, 403, 413]) {
    answer(status);
    const message = expect.stringContaining(`HTTP status ${status}`) as string;
    expect(await add(host)).toMatchObject({
      ok: false,
      isAnswerLost: false,
      error: { code: "call_rejected", message },
    });
  }
  answer(429);
  expect(await add(host)).toMatchObject({
    ok: false,
    isAnswerLost: false,
    error: { code: "server_unavailable", retryable: true },
  });
  answer(502);
  expect(await add(host)).toMatchObject({ ok: false, isAnswerLost: true });
  fault.respond = null;
  expect(await add(host)).toMatchObject(SUM);
  expect(report(host, "far")).toMatchObject({ status: "connected", last_error: null });
});

test("[host.http.refused] over SSE as well", async () => {
  let isRefusing = false;
  const server = await serve((request, response) => {
    if (isRefusing && request.method === "POST") response.writeHead(403).end("no");
    return isRefusing && request.method === "POST";
  });
  const host = await startHost([settings("far", { type: "sse", url: server.sseUrl, headers: {} })]);
  const slow = call(host, "far", "wait", { arguments: { ms: 500 } });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  isRefusing = true;
  expect(await add(host)).toMatchObject({ ok: false, isAnswerLost: false, error: { code: "call_rejected" } });
  isRefusing = false;
  expect(await slow).toMatchObject({ ok: true });
  expect(await add(host)).toMatchObject(SUM);
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

test("[host.session.word] a 400 that speaks of sessions is that call's alone while pings are answered", async () => {
  const { host, server, fault } = await startFaulty();
  const slow = call(host, "far", "wait", { arguments: { ms: 500 } });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  fault.respond = (request, response) => {
    fault.respond = null;
    request.resume();
    response.writeHead(400).end('"session_id is required"');
  };
  expect(await add(host)).toMatchObject({ ok: false, isAnswerLost: false, error: { code: "call_rejected" } });
  expect(await slow).toMatchObject({ ok: true });
  expect(server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  expect(report(host, "far").status).toBe("connected");
});

const BROKEN_OFF = {
  "ends cleanly": (response: ServerResponse) => response.end(": and nothing more\n\n"),
  "is cut off": (response: ServerResponse) => response.write('data: {"jsonrpc"', () => response.destroy()),
};

test.each(Object.entries(BROKEN_OFF))(
  "[host.http.broken_off] a call whose stream %s without its answer is lost at once, alone",
  async (_how, breakOff) => {
    const { host, server, fault } = await startFaulty();
    const slow = call(host, "far", "wait", { arguments: { ms: 300 } });
    await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
    fault.respond = (_request, response) => {
      fault.respond = null;
      response.writeHead(200, { "content-type": "text/event-stream" });
      breakOff(response);
    };
    expect(await add(host)).toMatchObject({
      ok: false,
      isAnswerLost: true,
      error: { message: expect.stringContaining("before the answer") as string },
    });
    expect(await slow).toMatchObject({ ok: true });
    expect(report(host, "far").status).toBe("connected");
  },
);

/** More than 64 MiB after `beginning`, and no end. */
function* flood(beginning: string) {
  yield beginning;
  const megabyte = "x".repeat(1_024 * 1_024);
  for (let count = 0; count < 70; count += 1) yield megabyte;
}

test.each([
  ["text/event-stream", "data: "],
  ["application/json", '{"jsonrpc":"2.0","result":"'],
])(
  "[host.http.too_large] an endless answer of %s fails its call alone, with what to do",
  async (type, beginning) => {
    const { host, fault } = await startFaulty();
    fault.respond = (_request, response) => {
      fault.respond = null;
      response.writeHead(200, { "content-type": type });
      pipeline(flood(beginning), response).catch(() => {});
    };
    expect(await add(host)).toMatchObject({
      ok: false,
      isAnswerLost: false,
      error: { code: "result_too_large", message: expect.stringContaining("64 MiB") as string },
    });
    expect(await add(host)).toMatchObject(SUM);
  },
);
