import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import getPort from "get-port";
import { expect, onTestFinished, test } from "vitest";
import { startFixtureHttp, type FixtureHttp } from "@millrace/testing";
import { call, fixture, program, report, settings, startHost } from "./hosts.ts";

async function serveFixture(): Promise<FixtureHttp> {
  const server = await startFixtureHttp();
  onTestFinished(() => server.close());
  return server;
}

const HEADERS = { authorization: "Bearer abc", "x-tenant": "seven" };

/** Starts a host with one fixture server, looks at what it reports, adds two numbers, and closes it. */
async function useServer(server: ReturnType<typeof settings>) {
  const host = await startHost([server]);
  const seen = {
    report: report(host, server.name),
    toolNames: host.tools().map(({ name }) => name),
    outcome: await call(host, server.name, "add", { arguments: { a: 1, b: 2 } }),
  };
  await host.close();
  return seen;
}

const WORKS = {
  report: {
    status: "connected",
    last_error: null,
    resources: [expect.objectContaining({ uri: "fixture://greeting" })],
  },
  toolNames: expect.arrayContaining(["one__add", "one__echo"]) as string[],
  outcome: {
    ok: true,
    result: { content: [{ type: "text", text: "3" }], structured_content: { sum: 3 }, is_error: false },
  },
};

test("[host.transport.stdio] lists and calls over stdio, whatever else is on stdout", async () => {
  expect(await useServer(fixture("one", ["--noise"]))).toMatchObject(WORKS);
});

test("[host.stdio.flood] a server that floods its stdout with other lines answers all the same, and harms no other", async () => {
  const host = await startHost([fixture("flood", ["--flood"]), fixture("calm")]);
  for (const server of ["flood", "calm", "flood"]) {
    const outcome = await call(host, server, "echo", { arguments: { text: "heard" } });
    expect(outcome).toMatchObject({ ok: true, result: { content: [{ text: "heard" }] } });
  }
});

test("[host.transport.http] lists and calls over Streamable HTTP, with the configured headers, and ends its session", async () => {
  const server = await serveFixture();
  expect(
    await useServer(settings("one", { type: "http", url: server.httpUrl, headers: HEADERS })),
  ).toMatchObject(WORKS);
  for (const { headers } of server.requests) expect(headers).toMatchObject(HEADERS);
  expect(server.requests.map(({ method }) => method)).toContain("DELETE");
});

test("[host.transport.sse] lists and calls over SSE, with the configured headers", async () => {
  const server = await serveFixture();
  expect(
    await useServer(settings("one", { type: "sse", url: server.sseUrl, headers: HEADERS })),
  ).toMatchObject(WORKS);
  for (const { headers } of server.requests) expect(headers).toMatchObject(HEADERS);
  expect(server.requests.map(({ path }) => path)).toContain("/messages");
});

test("[host.transport.websocket] lists and calls over WebSocket, with the configured headers", async () => {
  const server = await serveFixture();
  expect(
    await useServer(settings("one", { type: "websocket", url: server.webSocketUrl, headers: HEADERS })),
  ).toMatchObject(WORKS);
  const [handshake] = server.requests;
  expect(handshake?.headers).toMatchObject({ ...HEADERS, "sec-websocket-protocol": "mcp" });
});

test("[host.reference.stdio] the reference servers work, started by their own bins", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-files-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "hello.txt"), "hello from a file");
  const host = await startHost([
    program("files", "mcp-server-filesystem", [folder]),
    program("everything", "mcp-server-everything"),
    program("memory", "mcp-server-memory", [], { MEMORY_FILE_PATH: join(folder, "memory.jsonl") }),
  ]);
  expect(host.reports().map(({ name, status }) => [name, status])).toEqual([
    ["files", "connected"],
    ["everything", "connected"],
    ["memory", "connected"],
  ]);
  const read = await call(host, "files", "read_text_file", {
    arguments: { path: join(folder, "hello.txt") },
  });
  expect(read).toMatchObject({
    ok: true,
    result: { content: [{ type: "text", text: "hello from a file" }] },
  });
  expect(await call(host, "memory", "read_graph")).toMatchObject({ ok: true, result: { is_error: false } });
});

/** Starts the everything server with one of its HTTP transports, and waits until it says that it listens. */
async function serveEverything(transport: "streamableHttp" | "sse"): Promise<number> {
  const port = await getPort({ host: "127.0.0.1" });
  const server = spawn("mcp-server-everything", [transport], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes(String(port))) break;
  }
  server.stderr.resume();
  return port;
}

test.each([
  ["http", "streamableHttp", "/mcp"],
  ["sse", "sse", "/sse"],
] as const)(
  "[host.reference.remote] the everything server works over %s (its mode %s)",
  async (type, mode, path) => {
    const port = await serveEverything(mode);
    const host = await startHost([
      settings("everything", { type, url: `http://127.0.0.1:${port}${path}`, headers: {} }),
    ]);
    expect(report(host, "everything")).toMatchObject({ status: "connected", last_error: null });
    expect(await call(host, "everything", "echo", { arguments: { message: "hi" } })).toMatchObject({
      ok: true,
      result: { content: [{ text: "Echo: hi" }] },
    });
  },
);
