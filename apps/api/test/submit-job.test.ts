import { once } from "node:events";
import { connect } from "node:net";
import type { Tool } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventOf, EventStreamReader } from "../../../test/support/event-stream-reader.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { expectProblem, jobOf } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { rawRequest } from "../../../test/support/raw-request.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  const servers = [fixtureServer("first"), fixtureServer("second server")];
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  client = installation.api.client;
  await client.untilConnected(2);
});
afterAll(() => installation.close());

const echo = { server: "first", tool: "echo", arguments: { text: "hello" } };

test("[api.jobs.submit] answers 202 with the job and its place", async () => {
  const response = await client.post("/jobs", { type: "tool", ...echo });
  expect(response.status).toBe(202);
  const job = await jobOf(response);
  expect(response.headers.get("location")).toBe(`/jobs/${job.id}`);
  expect(job.links).toEqual({ self: `/jobs/${job.id}`, events: `/jobs/${job.id}/events` });
  expect(job).toMatchObject({ type: "tool", status: "queued", attempt: 1, result: null, error: null });
  expect(job.request).toEqual({ type: "tool", ...echo });
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
});

test("[api.jobs.submit] a job that has run shows when, where and with what result", async () => {
  const { workers } = await client.read<{ workers: { id: string }[] }>("/workers");
  const job = await client.run(echo);
  expect(job).toMatchObject({ status: "completed", attempt: 1, error: null, usage: null, batch_id: null });
  expect(job.result).toMatchObject({ content: [{ type: "text", text: "hello" }], is_error: false });
  expect(job.worker_id).toBe(workers[0]?.id);
  const times = [job.created_at, job.started_at, job.finished_at].map(String);
  expect(times.toSorted()).toEqual(times);
});

test("[api.jobs.submit] keeps structured content beside the text", async () => {
  const job = await client.run({ server: "first", tool: "add", arguments: { a: 1, b: 2 } });
  expect(job.result).toMatchObject({ structured_content: { sum: 3 }, content: [{ text: "3" }] });
});

test("[api.jobs.tool_name] a unified name finds its server, whose name may hold other characters", async () => {
  const { tools } = await client.read<{ tools: Tool[] }>("/mcp/servers/second%20server/tools");
  const name = tools.find(({ tool_name }) => tool_name === "echo")?.name;
  expect(name).toMatch(/^second_server[\w-]*__echo[\w-]*$/);
  const job = await client.run({ tool: name, arguments: { text: "there" } });
  expect(job.result?.content).toEqual([{ type: "text", text: "there" }]);
});

test("[api.jobs.tool_name] a unified name works beside its server too", async () => {
  const job = await client.run({ server: "first", tool: "first__echo", arguments: { text: "x" } });
  expect(job.status).toBe("completed");
});

test("[api.jobs.tool_name] a bare name works when exactly one server has it", async () => {
  await client.run({ server: "first", tool: "grow", arguments: { name: "only_here" } });
  await client.until("/mcp/tools", (body) => JSON.stringify(body).includes("only_here"));
  const job = await client.run({ tool: "only_here" });
  expect(job.result?.content).toEqual([{ type: "text", text: "only_here" }]);
});

test("[api.jobs.metadata] gives metadata back, also from the list", async () => {
  const metadata = { order: "7", ключ: "Wörter \u{1f642} \u0000" };
  const { id } = await client.run({ ...echo, metadata });
  expect((await client.job(id)).metadata).toEqual(metadata);
  const { jobs } = await client.read<{ jobs: { id: string; metadata: unknown }[] }>("/jobs");
  expect(jobs.find((job) => job.id === id)?.metadata).toEqual(metadata);
});

test("[api.jobs.tool_error] a tool that reports an error fails the job, and its answer is kept", async () => {
  const job = await client.run({ server: "first", tool: "fail" });
  expect(job.status).toBe("failed");
  expect(job.error).toEqual({ code: "tool_error", message: "this tool always fails", retryable: false });
  expect(job.result).toMatchObject({ is_error: true, content: [{ text: "this tool always fails" }] });
});

test("[api.jobs.call_rejected] a call that the server refuses fails the job with what it said", async () => {
  const job = await client.run({ server: "first", tool: "reject" });
  expect(job).toMatchObject({ status: "failed", result: null, error: { code: "call_rejected" } });
  expect(job.error?.message).toContain("open the page first");
});

test("[api.jobs.timeout] a job that takes longer than its timeout_ms fails with timeout", async () => {
  const slow = { server: "first", tool: "wait", arguments: { ms: 20_000 }, timeout_ms: 150 };
  const job = await client.run(slow);
  expect(job).toMatchObject({ status: "failed", result: null });
  expect(job.error).toMatchObject({ code: "timeout", retryable: true });
  expect(job.error?.message).toContain("150 ms");
});

test("[api.jobs.stream] Accept: text/event-stream streams the job's events from the first to the last", async () => {
  const accept = { accept: "text/event-stream" };
  const response = await client.post("/jobs", { type: "tool", ...echo }, accept);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  await using stream = new EventStreamReader(response);
  const frames = await stream.rest();
  expect(frames.map(({ id, event }) => [id, event])).toEqual([
    ["1", "job.queued"],
    ["2", "job.started"],
    ["3", "job.completed"],
  ]);
  const last = eventOf(frames[2]);
  const job = "job" in last ? last.job : null;
  expect(response.headers.get("location")).toBe(`/jobs/${job?.id}`);
  expect(await client.job(job?.id ?? "")).toEqual(job);
});

test.for([
  ["Text/Event-Stream", true],
  ["application/json, text/event-stream", true],
  ["application/json;q=0.1, text/event-stream;q=0.2", true],
  ["application/json, text/event-stream;q=0.1", false],
  ["*/*, text/event-stream;q=0.1", false],
  ["text/event-stream;q=0, application/json", false],
  ["application/json;q=0, text/event-stream;q=0.5, */*;q=0.8", true],
  ["text/event-stream;q=0.9, application/json;q=0.5, */*", true],
  ["application/json; profile=text/event-stream", false],
  ["*/*", false],
] as const)("[api.jobs.accept] Accept: %s streams: %s", async ([accept, streams]) => {
  const response = await client.post("/jobs", { type: "tool", ...echo }, { accept });
  expect(response.status).toBe(streams ? 200 : 202);
  expect(response.headers.get("content-type")?.startsWith("text/event-stream")).toBe(streams);
  await response.body?.cancel();
});

test("[api.bad.encoding] a body that is not UTF-8 is refused instead of changed", async () => {
  const text = JSON.stringify({ type: "tool", ...echo, arguments: { text: "caf\u00e9" } });
  const response = await client.request("/jobs", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: Buffer.from(text, "latin1"),
  });
  expect((await expectProblem(response, "invalid_json")).detail).toContain("UTF-8");
});

test("[api.jobs.byte_order_mark] a body that begins with a byte order mark is read without it", async () => {
  const body = `\uFEFF${JSON.stringify({ type: "tool", ...echo })}`;
  expect((await client.post("/jobs", body)).status).toBe(202);
  await expectProblem(await client.post("/jobs", `\uFEFF${body}`), "invalid_json");
});

test.for(["gzip", "br", "identity, gzip", "foo"])(
  "[api.bad.content_encoding] a body with the coding %s is refused, as it would be read as it is",
  async (coding) => {
    const response = await client.post("/jobs", { type: "tool", ...echo }, { "content-encoding": coding });
    const { detail } = await expectProblem(response, "unsupported_media_type");
    expect(detail).toContain("Content-Encoding");
  },
);

test("[api.bad.content_encoding] a body that is not packed may say so", async () => {
  for (const coding of ["identity", "Identity", ""]) {
    expect(
      (await client.post("/jobs", { type: "tool", ...echo }, { "content-encoding": coding })).status,
    ).toBe(202);
  }
});

test("[api.bad.unparsable] headers that are too large are refused with a problem", async () => {
  const response = await rawRequest(client.url, "/jobs", { headers: { "x-large": "x".repeat(20_000) } });
  expect((await expectProblem(response, "headers_too_large")).detail).toContain("16 KiB");
});

test("[api.bad.unparsable] what is not HTTP is refused with a problem, and the connection ends", async () => {
  const socket = connect(installation.api.port, "127.0.0.1");
  socket.end("GET /jobs HTTP/1.1\r\nhost 127.0.0.1\r\n\r\n");
  const answer = (await socket.setEncoding("utf8").toArray()).join("");
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain('"code":"malformed_request"');
});

test("[api.bad.unparsable.behind] what follows a request that is whole does not take its answer away", async () => {
  const socket = connect(installation.api.port, "127.0.0.1");
  const body = JSON.stringify({ type: "tool", server: "first", tool: "wait", arguments: { ms: 300 } });
  const head = "POST /jobs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nprefer: wait=20";
  socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}no request`);
  const answer = (await socket.setEncoding("utf8").toArray()).join("");
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toMatch(/^connection: close\r$/im);
  expect(answer).toContain('"status":"completed"');
  expect(answer.split("HTTP/1.1 ")).toHaveLength(2);
});

test("[api.bad.unparsable.behind] what follows an answer that has begun ends the connection, and nothing else", async () => {
  const { id } = await client.submit({ server: "first", tool: "wait", arguments: { ms: 60_000 } });
  const socket = connect(installation.api.port, "127.0.0.1");
  socket.write(`GET /jobs/${id}/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
  await once(socket, "data");
  const closed = once(socket.resume(), "close");
  // It may be reset.
  socket.on("error", () => undefined).write("no request\r\n\r\n");
  await closed;
  expect((await client.post(`/jobs/${id}/cancel`, {})).status).toBe(202);
});

test.for([
  "GET /jobs HTTP/1.1\r\nconnection: close",
  "GET /jobs HTTP/1.1\r\nconnection: close\r\nhost: a b",
  "GET /a\\b HTTP/1.1\r\nconnection: close\r\nhost: 127.0.0.1",
  "POST jobs HTTP/1.1\r\nconnection: close\r\nhost: 127.0.0.1\r\ncontent-length: 0",
])(
  "[api.bad.unparsable] a request whose host or path makes no URL is refused with a problem: %j",
  async (head) => {
    const socket = connect(installation.api.port, "127.0.0.1");
    socket.write(`${head}\r\n\r\n`);
    const answer = (await socket.setEncoding("utf8").toArray()).join("");
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/^content-type: application\/problem\+json\r$/im);
    expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im);
    const [, requestId] = /^x-request-id: (.+)\r$/im.exec(answer) ?? [];
    expect(answer).toContain('"code":"malformed_request"');
    expect(answer).toContain(`"request_id":"${requestId}"`);
  },
);

test("[api.bad.expect] an expectation that is unknown is refused with a problem", async () => {
  const response = await rawRequest(client.url, "/jobs", { headers: { expect: "a-miracle" } });
  expect((await expectProblem(response, "invalid_header")).detail).toContain("100-continue");
});

test("[api.jobs.large] arguments and results that are too large to publish arrive whole", async () => {
  const text = "é".repeat(100_000);
  const accept = { accept: "text/event-stream" };
  const request = { type: "tool", server: "first", tool: "echo", arguments: { text } };
  await using stream = new EventStreamReader(await client.post("/jobs", request, accept));
  const frames = await stream.rest();
  expect(frames.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect(eventOf(frames[0])).toMatchObject({ request });
  expect(eventOf(frames[2])).toMatchObject({ job: { result: { content: [{ text }] } } });
});
