import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connect, connections, patience, callText } from "./connections.ts";
import { fixture, makeHost, recordingLogger, report, settings, startHost } from "./hosts.ts";

test("[resources.details] resources, templates and prompts are listed with their details, and read", async () => {
  const { connection } = await connect(connections(), fixture("one"));
  expect(await connection.listResources(patience())).toContainEqual({
    uri: "fixture://greeting",
    name: "greeting",
    title: null,
    description: null,
    mimeType: "text/plain",
  });
  expect(await connection.listResourceTemplates(patience())).toContainEqual({
    uriTemplate: "fixture://text/{bytes}",
    name: "text",
    title: "Text",
    description: "So many bytes of text",
    mimeType: "text/plain",
  });
  expect(await connection.listPrompts(patience())).toContainEqual({
    name: "greet",
    title: "Greeting",
    description: "Greets somebody",
    arguments: [{ name: "who", description: null, required: true }],
  });
  expect(await connection.readResource("fixture://text/3", patience())).toEqual([
    { uri: "fixture://text/3", mimeType: "text/plain", text: "xxx" },
  ]);
  expect(await connection.readResource("fixture://blob/3", patience())).toEqual([
    { uri: "fixture://blob/3", mimeType: null, blob: "AAAA" },
  ]);
  expect(await connection.getPrompt("greet", { who: "Ada" }, patience())).toEqual({
    description: null,
    messages: [{ role: "user", content: { type: "text", text: "Greet Ada." } }],
  });
});

test("[resources.refused] what a server does not have is refused with its code", async () => {
  const { connection } = await connect(connections(), fixture("one"));
  await expect(connection.readResource("fixture://nothing", patience())).rejects.toMatchObject({
    name: "RequestRejectedError",
    code: -32_602,
  });
  await expect(connection.getPrompt("nothing", {}, patience())).rejects.toMatchObject({ code: -32_602 });
});

test("[resources.changes] a changed list of tools is announced once it has changed", async () => {
  const opened = await connect(connections(), fixture("one"));
  const announced = opened.next("onToolsChanged");
  await callText(opened, "grow", { name: "later" });
  await announced;
});

type Answers = Record<string, (parameters: Record<string, unknown>) => unknown>;

/** In place of an answer that never comes. */
const HANGS = Symbol("hangs");

interface Question {
  id?: number;
  method: string;
  params?: Record<string, unknown>;
}

/** A server of a few lines, which may answer what no SDK would. */
async function serveAnswers(answers: Answers): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const { id, method, params = {} } = JSON.parse(body || "{}") as Question;
      const answer = id === undefined ? undefined : answers[method]?.(params);
      if (answer === HANGS) return;
      if (answer === undefined) response.writeHead(id === undefined ? 202 : 400).end();
      else {
        response.writeHead(200, { "content-type": "application/json" });
        const { message } = answer instanceof Error ? answer : {};
        const said = message === undefined ? { result: answer } : { error: { code: -32_603, message } };
        response.end(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

const initialize = () => ({
  protocolVersion: "2025-11-25",
  serverInfo: { name: "odd", version: "1" },
  capabilities: { resources: {}, prompts: {}, completions: {} },
});

test("[resources.odd] an odd entry is left out with a warning, and the others stay", async () => {
  const url = await serveAnswers({
    initialize,
    "resources/list": () => ({ resources: [{ uri: "a:1", name: 7 }, { name: "no URI" }, null] }),
    "prompts/list": () => ({ prompts: [{ name: "good" }, { name: "bad", arguments: [{}] }] }),
  });
  const opened = await connect(connections(), settings("odd", { type: "http", url, headers: {} }));
  const resources = await opened.connection.listResources(patience());
  expect(resources).toMatchObject([{ uri: "a:1", name: "a:1" }]);
  const prompts = await opened.connection.listPrompts(patience());
  expect(prompts).toMatchObject([{ name: "good", arguments: [] }]);
  expect(opened.told).toEqual([
    expect.stringContaining("onWarning number 2 of the resources is left out: uri"),
    expect.stringContaining("onWarning number 3 of the resources is left out"),
    expect.stringContaining("onWarning number 2 of the prompts is left out: arguments.0.name"),
  ]);
});

test("[host.list.hangs] a list that hangs costs none of the others, and a server with tools connects", async () => {
  const url = await serveAnswers({
    initialize: () => ({ ...initialize(), capabilities: { tools: {}, resources: {}, prompts: {} } }),
    "tools/list": () => ({ tools: [{ name: "one", inputSchema: { type: "object" } }] }),
    "resources/list": () => HANGS,
    "resources/templates/list": () => HANGS,
    "prompts/list": () => ({ prompts: [{ name: "greet" }] }),
  });
  const logger = recordingLogger();
  const odd = settings("odd", { type: "http", url, headers: {} }, { connectTimeoutMs: 10_000 });
  const host = await startHost([odd], { logger });
  expect(report(host, "odd")).toMatchObject({
    status: "connected",
    last_error: null,
    tools: [{ tool_name: "one" }],
    prompts: [{ name: "greet" }],
    resources: [],
  });
  const warnings = logger.entries.map(({ fields }) => fields["warning"]);
  expect(warnings).toContainEqual(
    expect.stringMatching(/^the resources could not be listed: no answer within/),
  );
});

test("[resources.refused] of what a server says when it refuses, its beginning and its end are told", async () => {
  const url = await serveAnswers({ initialize, "resources/read": () => new Error("x".repeat(3_000_000)) });
  const host = await startHost([settings("odd", { type: "http", url, headers: {} })]);
  const reading = await host.readResource("odd", "x:any", patience());
  expect(reading).toMatchObject({
    reason: "refused",
    message: expect.stringMatching(/^The resource "x:any" was refused by its server "odd": x+ … .* … x+$/),
  });
  expect(JSON.stringify(reading).length).toBeLessThan(5_000);
});

test("[resources.closing] what is being read when a host closes may be read elsewhere", async () => {
  const asked = Promise.withResolvers<void>();
  const read = () => {
    asked.resolve();
    return HANGS;
  };
  const url = await serveAnswers({ initialize, "resources/read": read });
  const host = await startHost([settings("odd", { type: "http", url, headers: {} })]);
  const reading = host.readResource("odd", "x:any", patience());
  await asked.promise;
  await host.close();
  expect(await reading).toMatchObject({ ok: false, reason: "not_connected" });
});

test("[resources.timeout] a resource that hangs is a timeout that names its cure, and its server stays connected", async () => {
  const url = await serveAnswers({ initialize, "resources/read": () => HANGS, ping: () => ({}) });
  const odd = settings("odd", { type: "http", url, headers: {} }, { toolTimeoutMs: 500 });
  const host = await startHost([odd]);
  for (let count = 0; count < 3; count += 1) {
    expect(await host.readResource("odd", "x:hang", patience())).toEqual({
      ok: false,
      reason: "timeout",
      message: expect.stringMatching(/"x:hang".*"odd".*within 0.5 s; raise its "tool_timeout"/) as string,
    });
  }
  expect(report(host, "odd").status).toBe("connected");
});

test("[resources.timeout] of a server that is away all that time it is said that it is away", async () => {
  const host = makeHost([fixture("mute", ["--hang-initialize"], { toolTimeoutMs: 500 })]);
  host.start();
  const reading = await host.readResource("mute", "x:any", patience());
  expect(reading).toMatchObject({ ok: false, reason: "not_connected" });
});

test("[resources.cap] a list of more than 10,000 entries is cut, with a warning", async () => {
  const url = await serveAnswers({
    initialize,
    "resources/list": ({ cursor = "0" }) => ({
      resources: Array.from({ length: 600 }, (_, index) => ({ uri: `a:${String(cursor)}/${index}` })),
      nextCursor: String(Number(cursor) + 1),
    }),
  });
  const opened = await connect(connections(), settings("odd", { type: "http", url, headers: {} }));
  expect(await opened.connection.listResources(patience())).toHaveLength(10_000);
  expect(opened.told).toEqual([expect.stringContaining("more than 10000 resources")]);
});

test("[resources.complete] values for an argument are asked for with what is known already", async () => {
  const asked: unknown[] = [];
  const url = await serveAnswers({
    initialize,
    "completion/complete": (parameters) => {
      asked.push(parameters);
      return { completion: { values: ["Ada", "Adele"], total: 2 } };
    },
  });
  const { connection } = await connect(connections(), settings("odd", { type: "http", url, headers: {} }));
  const completion = await connection.complete(
    {
      of: { type: "prompt", name: "greet" },
      argument: { name: "who", value: "Ad" },
      known: { tone: "kind" },
    },
    patience(),
  );
  expect(completion).toEqual({ values: ["Ada", "Adele"], total: 2, hasMore: false });
  expect(asked).toEqual([
    {
      ref: { type: "ref/prompt", name: "greet" },
      argument: { name: "who", value: "Ad" },
      context: { arguments: { tone: "kind" } },
    },
  ]);
});
