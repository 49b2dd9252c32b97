import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { JobPage } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { rawRequest } from "../../../test/support/raw-request.ts";

const SECRET = "first-secret:with-colon";
const HASHED = "second-secret";
const API_KEYS = [
  `first:${SECRET}`,
  `second:sha256:${createHash("sha256").update(HASHED).digest("hex")}`,
  "first:the-next-secret-of-first",
].join(", ");

let installation: Installation;
let anonymous: HttpClient;
let first: HttpClient;
let second: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { API_KEYS },
  });
  anonymous = installation.api.client;
  first = anonymous.as(SECRET);
  second = anonymous.as(HASHED);
  await first.untilConnected(1);
});
afterAll(() => installation.close());

async function listed(client: HttpClient, query = ""): Promise<string[]> {
  const { jobs } = await client.read<JobPage>(`/jobs${query}`);
  return jobs.map(({ id }) => id);
}

const echo = { tool: "echo", arguments: { text: "mine" } };

const GUARDED = [
  "/jobs",
  "/jobs/job_01arz3ndektsv4rrffq69g5fav",
  "/jobs/job_01arz3ndektsv4rrffq69g5fav/events",
  "/mcp/servers",
  "/mcp/servers/fixture/tools",
  "/mcp/tools",
  "/mcp/health",
  "/workers",
];

test.for(GUARDED)("[api.keys.required] GET %s needs a key", async (path) => {
  const response = await anonymous.get(path);
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  expect((await expectProblem(response, "unauthorized")).detail).toContain("Authorization: Bearer");
});

test.for(["/jobs", "/mcp/servers/fixture/tools/echo/execute"])(
  "[api.keys.required] POST %s needs a key, before anything else about the request is told",
  async (path) => {
    await expectProblem(await anonymous.post(path, "{"), "unauthorized");
    await expectProblem(await anonymous.request(path, { method: "POST" }), "unauthorized");
  },
);

test("[api.keys.required] a route that does not exist tells nothing to who has no key", async () => {
  await expectProblem(await anonymous.get("/nowhere"), "unauthorized");
  await expectProblem(await first.get("/nowhere"), "route_not_found");
});

test.for([
  "Bearer wrong",
  `Bearer ${SECRET}x`,
  `Bearer ${createHash("sha256").update(HASHED).digest("hex")}`,
  "Bearer",
  "Bearer ",
  SECRET,
  `Basic ${SECRET}`,
  `Bearer ${SECRET} ${SECRET}`,
  `Bearer first:${SECRET}`,
])("[api.keys.wrong] refuses Authorization: %s", async (authorization) => {
  const problem = await expectProblem(await anonymous.get("/jobs", { authorization }), "unauthorized");
  expect(JSON.stringify(problem)).not.toContain(SECRET);
});

test("[api.keys.accepted] takes a secret, a hashed secret, and each of several secrets of one name", async () => {
  for (const authorization of [`Bearer ${SECRET}`, `bearer ${HASHED}`, "Bearer the-next-secret-of-first"]) {
    expect((await anonymous.get("/jobs", { authorization })).status, authorization).toBe(200);
  }
});

test("[api.keys.open] health and documentation need no key", async () => {
  for (const path of ["/health/live", "/health/ready", "/docs", "/openapi.json"]) {
    expect((await anonymous.get(path)).status, path).toBe(200);
  }
});

test("[api.http_1_0] a check of the health in HTTP/1.0, which needs no Host, is answered", async () => {
  const socket = connect(installation.api.port, "127.0.0.1");
  socket.write("GET /health/live HTTP/1.0\r\n\r\n");
  const answer = (await socket.setEncoding("utf8").toArray()).join("");
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('{"status":"live"}');
});

test("[api.keys.open] with keys any Host and Origin is served", async () => {
  const headers = { host: "millrace.example", origin: "https://app.example" };
  const response = await rawRequest(installation.api.url, "/jobs", {
    headers: { ...headers, authorization: `Bearer ${SECRET}` },
  });
  expect(response.status).toBe(200);
});

test.for([
  "[::ffff:127.0.0.1]",
  "[2001:db8:0:0:0:0:0:1]:8000",
  "[2001:DB8::1]:",
  "api.example.com:",
  "127.1:80",
])("[api.host] the host %s, which a URL writes otherwise, is served", async (host) => {
  const headers = { host, authorization: `Bearer ${SECRET}` };
  expect((await rawRequest(installation.api.url, "/jobs", { headers })).status).toBe(200);
});

test("[api.keys.tenants] another key's job does not exist: look-up, wait, events, list", async () => {
  const mine = await first.run(echo);
  const theirs = await second.run(echo);
  for (const path of [`/jobs/${mine.id}`, `/jobs/${mine.id}?wait=1`, `/jobs/${mine.id}/events`]) {
    expect((await first.get(path)).status, path).toBe(200);
    await expectProblem(await second.get(path), "job_not_found");
  }
  const json = { accept: "application/json", "last-event-id": "1" };
  await expectProblem(await second.get(`/jobs/${mine.id}/events`, json), "job_not_found");
  // Nor can a cursor or an id past the end be used to find out.
  await expectProblem(await second.get(`/jobs/${mine.id}/events?after=99`), "job_not_found");

  expect(await listed(first)).toEqual([mine.id]);
  expect(await listed(second)).toEqual([theirs.id]);
  expect(await listed(second, `?cursor=${theirs.id}`)).toEqual([]);
});

test("[api.keys.tenants] a job belongs to the name, so each of its secrets sees it", async () => {
  const job = await first.submit(echo);
  expect((await anonymous.as("the-next-secret-of-first").get(`/jobs/${job.id}`)).status).toBe(200);
});

test("[api.keys.tenants] a job's id is as unknown as one that never was", async () => {
  const { id } = await first.submit(echo);
  const never = "job_01arz3ndektsv4rrffq69g5fav";
  const [other, unknown] = await Promise.all(
    [id, never].map(async (jobId) => expectProblem(await second.get(`/jobs/${jobId}`), "job_not_found")),
  );
  expect(other?.detail.replace(id, never)).toBe(unknown?.detail);
});

test("[api.keys.secret] no secret is in the log", () => {
  expect(installation.api.log.text).not.toContain(SECRET);
  expect(installation.api.log.text).not.toContain(HASHED);
});
