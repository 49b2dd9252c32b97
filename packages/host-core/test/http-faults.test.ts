import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { add, serve, startFaulty, SUM } from "./faulty-http.ts";
import { call, report, settings, startHost } from "./hosts.ts";

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

test("[host.http.failing] calls that fail with 500, or are cut off, end no call that runs beside them", async () => {
  const { host, server, fault } = await startFaulty();
  const slow = call(host, "far", "wait", { arguments: { ms: 5_000 } });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  const failWith = async (fail: (response: ServerResponse) => unknown) => {
    fault.respond = (request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const { id, method } = JSON.parse(body) as { id?: number; method: string };
        if (method === "tools/call") fail(response);
        else
          response
            .setHeader("content-type", "application/json")
            .end(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
      });
    };
    const failures = await Promise.all([add(host), add(host), add(host), add(host)]);
    for (const failure of failures) expect(failure).toMatchObject({ ok: false, isAnswerLost: true });
  };
  await failWith((response) => response.writeHead(500).end("no"));
  await failWith((response) => response.destroy());
  fault.respond = null;
  expect(await slow).toMatchObject({ ok: true });
  expect(await add(host)).toMatchObject(SUM);
  expect(server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
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

const LOST = { ok: false, isAnswerLost: true };
const NOT_RUN = { ok: false, isAnswerLost: false };

test.each<[string, object, (response: ServerResponse) => unknown]>([
  ["fail with 500", LOST, (response) => response.writeHead(500).end("no")],
  ["are cut off", LOST, (response) => response.destroy()],
  ["are answered with 401", NOT_RUN, (response) => response.writeHead(401).end()],
  ["are answered with 404", NOT_RUN, (response) => response.writeHead(404).end("no such page")],
])("[host.http.failing] over SSE as well: calls that %s", async (_how, outcome, fail) => {
  let isFailing = false;
  const server = await serve((request, response) => {
    // A ping is shorter than a call.
    const isCall = request.method === "POST" && Number(request.headers["content-length"]) > 100;
    if (isFailing && isCall) fail(response);
    return isFailing && isCall;
  });
  const host = await startHost([settings("far", { type: "sse", url: server.sseUrl, headers: {} })]);
  const slow = call(host, "far", "wait", { arguments: { ms: 500 } });
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
  isFailing = true;
  for (let count = 0; count < 4; count += 1) expect(await add(host)).toMatchObject(outcome);
  isFailing = false;
  expect(await slow).toMatchObject({ ok: true });
  expect(await add(host)).toMatchObject(SUM);
  expect(server.requests.filter(({ method }) => method === "GET")).toHaveLength(1);
});

test.each([
  [400, '"session_id is required"'],
  [404, "no such page"],
])(
  "[host.session.word] a %d that may speak of the session is that call's alone while pings are answered",
  async (status, text) => {
    const { host, server, fault } = await startFaulty();
    const slow = call(host, "far", "wait", { arguments: { ms: 500 } });
    await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(1);
    fault.respond = (request, response) => {
      fault.respond = null;
      request.resume();
      response.writeHead(status).end(text);
    };
    const message = expect.stringContaining(`HTTP status ${status}`) as string;
    expect(await add(host)).toMatchObject({ ...NOT_RUN, error: { code: "call_rejected", message } });
    expect(await slow).toMatchObject({ ok: true });
    expect(server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
    expect(report(host, "far").status).toBe("connected");
  },
);

test("[host.session.gone] over SSE as well", async () => {
  let isGone = false;
  const server = await serve((request, response) => {
    if (request.method === "GET") isGone = false;
    else if (isGone) response.writeHead(404).end("no such session");
    return isGone;
  });
  const host = await startHost([settings("far", { type: "sse", url: server.sseUrl, headers: {} })]);
  isGone = true;
  expect(await add(host)).toMatchObject(SUM);
  expect(report(host, "far")).toMatchObject({ status: "connected", last_error: null });
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
