import { connect } from "node:net";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { rawRequest } from "../../../test/support/raw-request.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl") });
  client = installation.api.client;
});
afterAll(() => installation.close());

function from(headers: Record<string, string>, path = "/jobs"): Promise<Response> {
  return rawRequest(installation.api.url, path, { headers });
}

test.for([
  "evil.example",
  "evil.example:8000",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "127.evil.example",
  "0.0.0.0",
  "10.0.0.1:8000",
  "169.254.169.254",
  "[::2]",
  "10.1:",
  "[::ffff:10.0.0.1]",
])("[api.loopback.host] without keys a request for the host %s is refused (DNS rebinding)", async (host) => {
  for (const path of ["/jobs", "/mcp/tools", "/workers", "/docs", "/openapi.json", "/nowhere"]) {
    const problem = await expectProblem(await from({ host }, path), "host_not_allowed");
    expect(problem.detail).toContain("API_KEYS");
  }
});

test("[api.loopback.host] a request in HTTP/1.0 without a Host, which names nobody, is refused", async () => {
  const socket = connect(installation.api.port, "127.0.0.1");
  socket.write("GET /jobs HTTP/1.0\r\n\r\n");
  const answer = (await socket.setEncoding("utf8").toArray()).join("");
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(answer).toContain('"code":"host_not_allowed"');
});

test("[api.loopback.host] this machine's own names are served, whatever the port", async () => {
  const { port } = installation.api;
  for (const host of [
    "localhost",
    `localhost:${port}`,
    "127.0.0.1:1",
    "127.1.2.3",
    "[::1]:8000",
    "LOCALHOST",
    "localhost:",
    "[0:0:0:0:0:0:0:1]:",
  ]) {
    expect((await from({ host })).status, host).toBe(200);
  }
});

test.for([
  "https://evil.example",
  "http://localhost.evil.example",
  "null",
  "",
  "nonsense",
  "http://10.0.0.1",
])("[api.loopback.origin] without keys a page from %s may not call", async (origin) => {
  const problem = await expectProblem(await client.get("/jobs", { origin }), "host_not_allowed");
  expect(problem.detail).toContain("API_KEYS");
  await expectProblem(
    await client.post("/jobs", { type: "tool", tool: "x" }, { origin }),
    "host_not_allowed",
  );
});

test("[api.loopback.origin] a page from this machine may call, on any port", async () => {
  for (const origin of [
    "http://localhost:3000",
    "http://127.0.0.1:8000",
    "https://localhost",
    "http://[::1]:5",
  ]) {
    expect((await client.get("/jobs", { origin })).status, origin).toBe(200);
  }
});

test.for(["a b", "localhost:99999", "http://localhost", "%", "localhost/", "[", "local\u00ff"])(
  "[api.loopback.host] a host that is no host, %s, is refused, and is no bug",
  async (host) => {
    await expectProblem(await from({ host }), "malformed_request");
  },
);
