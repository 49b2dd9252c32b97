import { connect } from "node:net";
import type { ProblemCode } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { rawRequest } from "../../../test/support/raw-request.ts";

const BODY_LIMIT = 4_096;

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer("first"), fixtureServer("second")],
    api: { MAX_BODY_BYTES: String(BODY_LIMIT) },
  });
  client = installation.api.client;
  await client.untilConnected(2);
});
afterAll(() => installation.close());

const call = { type: "tool", server: "first", tool: "echo", arguments: { text: "x" } };

async function refused(body: unknown, code: ProblemCode, paths?: string[]): Promise<string> {
  const problem = await expectProblem(await client.post("/jobs", body), code);
  if (paths) expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual(paths);
  return problem.detail;
}

function nested(depth: number): unknown {
  return Array.from({ length: depth }).reduce<unknown>((inner) => [inner], "deep");
}

test("[api.bad.server] an unknown server is refused with the names that exist", async () => {
  const detail = await refused({ ...call, server: "frist" }, "unknown_server", ["server"]);
  expect(detail).toContain("first, second");
});

test("[api.bad.tool] an unknown tool is refused with the names that exist", async () => {
  expect(await refused({ ...call, tool: "ecko" }, "unknown_tool", ["tool"])).toContain("echo");
  const bare = await refused({ type: "tool", tool: "nowhere" }, "unknown_tool", ["tool"]);
  expect(bare).toContain("first__echo");
});

test("[api.bad.ambiguous] a bare tool name that several servers have is refused with the choices", async () => {
  const detail = await refused({ type: "tool", tool: "echo" }, "ambiguous_tool", ["tool"]);
  expect(detail).toContain("first__echo");
  expect(detail).toContain("second__echo");
});

test("[api.bad.arguments] arguments that do not fit the tool are refused, each with its path", async () => {
  await refused({ ...call, arguments: { text: 7 } }, "invalid_arguments", ["arguments.text"]);
  await refused({ ...call, arguments: {} }, "invalid_arguments", ["arguments.text"]);
  const add = { ...call, tool: "add", arguments: { a: "1" } };
  const detail = await refused(add, "invalid_arguments", ["arguments.a", "arguments.b"]);
  expect(detail).toContain("arguments.a must be number");
});

test.for([
  "",
  "{",
  "nope",
  '{"type": "tool",}',
  "{'type': 'tool'}",
  '{"type": "tool"} {}',
  '"\ud800',
  '{"a": 1e}',
  '{"text": "\n"}',
])("[api.bad.json] the body %j is refused as no JSON", async (body) => {
  await refused(body, "invalid_json");
});

test.for([
  [{ ...call, retries: 3 }, ["retries"]],
  [{ ...call, one: 1, two: 2 }, ["one", "two"]],
  [{ ...call, type: "chore" }, ["type"]],
  [{ ...call, type: "chat" }, ["arguments", "message", "server", "tool"]],
  [{ ...call, type: undefined }, ["type"]],
  [{ ...call, tool: undefined }, ["tool"]],
  [{ ...call, tool: "" }, ["tool"]],
  [{ ...call, tool: "x".repeat(257) }, ["tool"]],
  [{ ...call, server: 1 }, ["server"]],
  [{ ...call, arguments: "x" }, ["arguments"]],
  [{ ...call, arguments: ["x"] }, ["arguments"]],
  [{ ...call, timeout_ms: 0 }, ["timeout_ms"]],
  [{ ...call, timeout_ms: 1.5 }, ["timeout_ms"]],
  [{ ...call, priority: 11 }, ["priority"]],
  [{ ...call, priority: "high" }, ["priority"]],
  [{ ...call, delay_ms: -1 }, ["delay_ms"]],
  [{ ...call, delay_ms: 31_536_000_001 }, ["delay_ms"]],
  [{ ...call, retention_seconds: 0 }, ["retention_seconds"]],
  [{ ...call, metadata: { a: 1 } }, ["metadata.a"]],
  [{ ...call, metadata: { a: "x".repeat(513) } }, ["metadata.a"]],
  [{ ...call, priority: -1, delay_ms: "soon", x: 1 }, ["delay_ms", "priority", "x"]],
  [null, [""]],
  [[call], [""]],
  ["text", [""]],
] as const)("[api.bad.schema] %j is refused with a path", async ([body, paths]) => {
  await refused(JSON.stringify(body), "invalid_request", [...paths]);
});

test("[api.bad.depth] arguments that are nested deeper than 100 levels are refused, up to that they work", async () => {
  await refused({ ...call, arguments: { text: nested(101) } }, "invalid_request", ["arguments"]);
  await refused({ ...call, arguments: { text: nested(1_500) } }, "invalid_request", ["arguments"]);
  // Deep enough for the limit, and wrong for this tool.
  await refused({ ...call, arguments: { text: nested(98) } }, "invalid_arguments", ["arguments.text"]);
  await refused({ ...call, metadata: nested(1_500) }, "invalid_request", ["metadata"]);
  const extra = { ...call, tool: "stats", arguments: { anything: nested(98) } };
  expect((await client.post("/jobs", extra)).status).toBe(202);
});

test.for([
  undefined,
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "application/jsonx",
  "application/a+b+json",
])("[api.bad.content_type] the content type %s is refused", async (type) => {
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  const body = new TextEncoder().encode(JSON.stringify(call));
  for (const path of ["/jobs", "/mcp/servers/first/tools/echo/execute"]) {
    const response = await client.request(path, { method: "POST", headers, body });
    await expectProblem(response, "unsupported_media_type");
  }
});

test.for(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"])(
  "[api.bad.content_type] the content type %s is JSON",
  async (type) => {
    expect((await client.post("/jobs", call, { "content-type": type })).status).toBe(202);
  },
);

test("[api.bad.body_size] a body over the limit is refused, told by its length or sent in chunks", async () => {
  const body = JSON.stringify({ ...call, arguments: { text: "x".repeat(BODY_LIMIT) } });
  const { detail } = await expectProblem(await client.post("/jobs", body), "body_too_large");
  expect(detail).toContain(String(BODY_LIMIT));
  expect(detail).toContain("MAX_BODY_BYTES");

  const options = { method: "POST", headers: { "content-type": "application/json" } };
  const chunks = [body.slice(0, 1_000), body.slice(1_000, 2_000), body.slice(2_000)];
  await expectProblem(await rawRequest(client.url, "/jobs", { ...options, body: chunks }), "body_too_large");
});

test("[api.bad.body_size] a body of exactly the limit is taken, told by its length or sent in chunks", async () => {
  const room = BODY_LIMIT - JSON.stringify({ ...call, arguments: { text: "" } }).length;
  const body = JSON.stringify({ ...call, arguments: { text: "x".repeat(room) } });
  expect(body).toHaveLength(BODY_LIMIT);
  expect((await client.post("/jobs", body)).status).toBe(202);
  const options = { method: "POST", headers: { "content-type": "application/json" } };
  const response = await rawRequest(client.url, "/jobs", {
    ...options,
    body: [body.slice(0, 9), body.slice(9)],
  });
  expect(response.status).toBe(202);
});

/** More than fits into the buffers between a client and a server. */
const HUGE = "x".repeat(16 * 1_024 * 1_024);
const inOnePiece = `content-length: ${HUGE.length}\r\n\r\n${HUGE}`;
const inChunks = `transfer-encoding: chunked\r\n\r\n${HUGE.length.toString(16)}\r\n${HUGE}\r\n0\r\n\r\n`;

const post = (path: string, fields: string[], rest: string) =>
  [`POST ${path} HTTP/1.1`, "host: 127.0.0.1", "content-type: application/json", ...fields, rest].join(
    "\r\n",
  );

/** Writes all before it reads anything, as many clients do, and then reads until the connection ends. */
async function writeThenRead(text: string): Promise<string> {
  const socket = connect(installation.api.port, "127.0.0.1").setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.write(text, (error) => (error ? reject(error) : resolve()));
  });
  return (await socket.toArray()).join("");
}

test.for([
  ["told by its length", "/jobs", inOnePiece, "413"],
  ["sent in chunks", "/jobs", inChunks, "413"],
  ["of a batch", "/batches", inOnePiece, "413"],
] as const)(
  "[api.bad.body_size.close] who sends all before reading gets the answer to a body that is not read, %s",
  async ([, path, body, status]) => {
    const answer = await writeThenRead(post(path, ["connection: close"], body));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/"request_id":"[^"]+"\}$/);
  },
);

test("[api.bad.body_size.next] the connection of a body that is not read takes the next request", async () => {
  const next = "GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
  const answers = await writeThenRead(`${post("/jobs", [], inOnePiece)}${next}`);
  expect([...answers.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(["413", "200"]);
});

test("[api.bad.body_size.expect] who asks before sending is refused at once", async () => {
  const socket = connect(installation.api.port, "127.0.0.1").setEncoding("utf8");
  socket.write(post("/jobs", ["expect: 100-continue"], "content-length: 9999999\r\n\r\n"));
  let answer = "";
  for await (const text of socket) {
    answer += String(text);
    if (answer.includes('"request_id"')) break;
  }
  expect(answer).toContain("HTTP/1.1 413 ");
  expect(answer).toContain('"code":"body_too_large"');
});

test.for([
  ["PUT", "/jobs", "GET, HEAD, POST"],
  ["DELETE", "/jobs/job_1", "GET, HEAD"],
  ["POST", "/jobs/job_1/events", "GET, HEAD"],
  ["GET", "/mcp/servers/first/tools/echo/execute", "POST"],
  ["POST", "/workers", "GET, HEAD"],
  ["PATCH", "/health/live", "GET, HEAD"],
  ["OPTIONS", "/jobs", "GET, HEAD, POST"],
  ["POST", "/openapi.json", "GET, HEAD"],
] as const)("[api.bad.method] %s %s is refused with what is allowed", async ([method, path, allowed]) => {
  const response = await client.request(path, { method });
  expect(response.headers.get("allow")?.split(", ").toSorted().join(", ")).toBe(allowed);
  expect((await expectProblem(response, "method_not_allowed")).detail).toContain(allowed.split(", ").at(-1));
});

test.for(["TRACE", "PROPFIND"])(
  "[api.bad.method] the method %s is refused, and is no bug",
  async (method) => {
    const response = await rawRequest(client.url, "/jobs", { method });
    await expectProblem(response, "method_not_allowed");
  },
);

test.for(["/", "/job", "/jobs/", "/jobs/a/b", "/mcp", "/MCP/tools", "/%ff", "//jobs", "/admin.php"])(
  "[api.bad.route] there is no route %s",
  async (path) => {
    const problem = await expectProblem(await client.get(path), "route_not_found");
    expect(problem.detail).toContain("/docs");
  },
);

test("[api.request_id] a request's own id comes back, one that is not fit to be logged does not", async () => {
  const own = await client.get("/jobs/none", { "x-request-id": "mine-1" });
  expect((await expectProblem(own, "job_not_found")).request_id).toBe("mine-1");
  const bad = await client.get("/jobs/none", { "x-request-id": "a b\tc" });
  expect((await expectProblem(bad, "job_not_found")).request_id).toMatch(/^[\w-]{36}$/);
});
