import type { JobPage, KeyView, ServerList, ToolList, WorkerList } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import type { z } from "zod";
import { startApi, type ApiServer } from "../../../test/support/api-server.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { KeysFile, secretOf } from "../../../test/support/keys-file.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const PATIENCE = { timeout: 20_000 };

const KEYS = {
  boss: { scopes: ["admin"] },
  alice: {},
  bob: { weight: 3, limits: { max_running: 2, max_queued: 2, requests_per_second: 10_000 } },
  writer: { scopes: ["jobs"] },
  reader: { scopes: ["mcp"] },
  scraper: { scopes: [] },
  narrow: { servers: ["fix*"], tools: ["fixture__e*", "other__*"] },
  slow: { limits: { requests_per_second: 1 } },
};

const parts = new AsyncDisposableStack();
let file: KeysFile;
let installation: Installation;
/** One more, with the same file. */
let second: ApiServer;

beforeAll(async () => {
  file = parts.use(await KeysFile.unwatched(KEYS));
  const keys = { API_KEYS_FILE: file.path };
  installation = parts.use(
    await startInstallation({
      redisUrl: inject("redisUrl"),
      servers: [fixtureServer(), fixtureServer("other")],
      api: keys,
    }),
  );
  second = parts.use(await startApi({ ...installation.environment, ...keys }));
  await as("alice").untilConnected(2);
});
afterAll(() => parts.disposeAsync());

function as(name: string, api: ApiServer = installation.api): HttpClient {
  return api.client.as(secretOf(name));
}

const echo = { server: "fixture", tool: "echo", arguments: { text: "mine" } };
const later = { ...echo, delay_ms: 3_600_000 };

test.for([
  ["writer", "GET", "/mcp/servers", "mcp"],
  ["writer", "POST", "/mcp/reload", "mcp"],
  ["writer", "POST", "/mcp/servers/fixture/tools/echo/execute", "mcp"],
  ["reader", "POST", "/jobs", "jobs"],
  ["reader", "GET", "/jobs", "jobs"],
  ["reader", "GET", "/jobs/job_01arz3ndektsv4rrffq69g5fav/events", "jobs"],
  ["reader", "POST", "/chat", "jobs"],
  ["reader", "GET", "/models", "jobs"],
  ["reader", "GET", "/schedules", "jobs"],
  ["reader", "POST", "/batches", "jobs"],
  ["scraper", "GET", "/jobs", "jobs"],
] as const)("[api.keys.scopes] %s may not %s %s", async ([name, method, path, scope]) => {
  const problem = await expectProblem(await as(name).request(path, { method }), "scope_missing");
  expect(problem.detail).toContain(`the scope "${scope}"`);
});

test("[api.keys.scopes] each scope opens its routes, and any key those of the installation", async () => {
  for (const [name, path] of [
    ["writer", "/jobs"],
    ["reader", "/mcp/servers"],
    ["boss", "/jobs"],
    ["boss", "/mcp/servers"],
    ["scraper", "/workers"],
    ["scraper", "/keys/me"],
    ["scraper", "/metrics"],
  ] as const) {
    expect((await as(name).get(path)).status, `${name} ${path}`).toBe(200);
  }
});

test("[api.keys.admin] sees, lists, cancels and retries every key's jobs", async () => {
  const [first, last] = [await as("alice").submit(later), await as("writer").submit(later)];
  const boss = as("boss");
  const { jobs } = await boss.read<JobPage>("/jobs?limit=2");
  expect(jobs.map(({ id }) => id)).toEqual([last.id, first.id]);
  expect(await boss.read(`/jobs/${first.id}`)).toMatchObject({ id: first.id });
  expect((await boss.get(`/jobs/${first.id}/events?limit=1`, { accept: "application/json" })).status).toBe(
    200,
  );
  await expectProblem(await as("writer").post(`/jobs/${first.id}/cancel`, ""), "job_not_found");
  for (const { id } of [first, last]) {
    expect((await boss.post(`/jobs/${id}/cancel`, "")).status).toBe(202);
  }
  expect((await boss.post(`/jobs/${first.id}/retry`, {})).status).toBe(202);
  const ended = await boss.read<{ status: string }>(`/jobs/${first.id}?wait=20`);
  expect(ended.status).toBe("completed");
  expect((await as("alice").job(first.id)).status).toBe("completed");
});

test("[api.keys.me] a key sees its scopes, limits and use", async () => {
  const bob = as("bob");
  const { id } = await bob.submit(later);
  expect(await bob.read<KeyView>("/keys/me")).toEqual({
    name: "bob",
    scopes: ["jobs", "mcp"],
    limits: { max_running: 2, max_queued: 2, requests_per_second: 10_000 },
    weight: 3,
    servers: null,
    tools: null,
    use: { queued: 1, running: 0 },
    webhook_secret: null,
  });
  expect(await as("narrow").read<KeyView>("/keys/me")).toMatchObject({
    limits: { max_running: null, max_queued: 1_000_000, requests_per_second: null },
    servers: ["fix*"],
    tools: ["fixture__e*", "other__*"],
  });
  await bob.post(`/jobs/${id}/cancel`, "");
});

test("[api.keys.limits] a key over its cap is told to wait, and another is not", async () => {
  const bob = as("bob");
  const jobs = [await bob.submit(later), await bob.submit(later)];
  const refused = await bob.post("/jobs", { type: "tool", ...later });
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  expect((await expectProblem(refused, "too_many_jobs")).detail).toContain("2 jobs");
  expect((await as("alice").run(echo)).status).toBe("completed");
  for (const { id } of jobs) await bob.post(`/jobs/${id}/cancel`, "");
});

test("[api.keys.rate] requests of a key are counted over all apis; beyond its limit they are 429", async () => {
  await vi.waitFor(async () => {
    const allowed = await as("slow").get("/keys/me");
    const refused = await as("slow", second).get("/keys/me");
    expect([allowed.status, refused.status]).toEqual([200, 429]);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await expectProblem(refused, "rate_limited")).detail).toContain("1 requests per second");
  }, PATIENCE);
  await vi.waitFor(async () => expect((await as("slow", second).get("/keys/me")).status).toBe(200), PATIENCE);
  const others = Array.from({ length: 20 }, () => as("alice").get("/keys/me"));
  expect((await Promise.all(others)).every(({ status }) => status === 200)).toBe(true);
});

test("[api.keys.tools] servers and tools that a key may not use are in no list", async () => {
  const narrow = as("narrow");
  const { servers } = await narrow.read<z.infer<typeof ServerList>>("/mcp/servers");
  expect(servers.map(({ name }) => name)).toEqual(["fixture"]);
  const { tools } = await narrow.read<z.infer<typeof ToolList>>("/mcp/tools");
  expect(tools.length).toBeGreaterThan(0);
  expect(tools.every(({ name }) => name.startsWith("fixture__e"))).toBe(true);
  expect(servers[0]?.available_tools).toEqual(tools.map((tool) => tool.tool_name));
  expect(await narrow.read("/mcp/health")).toEqual({ health: { fixture: true } });
  const { workers } = await narrow.read<z.infer<typeof WorkerList>>("/workers");
  expect(workers.map((worker) => worker.servers)).toEqual([{ fixture: "connected" }]);
  for (const path of ["/tools", "/resources", "/prompts", "/resources/read?uri=x"]) {
    const problem = await expectProblem(await narrow.get(`/mcp/servers/other${path}`), "server_not_found");
    expect(problem.detail).toContain("Servers: fixture.");
  }
});

test("[api.keys.tools] a job for them is refused as if they were not there", async () => {
  const narrow = as("narrow");
  const refused = [
    [{ type: "tool", ...echo, server: "other" }, "unknown_server"],
    [{ type: "tool", ...echo, tool: "add" }, "unknown_tool"],
    [{ type: "tool", tool: "other__echo", arguments: echo.arguments }, "unknown_tool"],
    [{ type: "chat", message: "hello", mcp_servers: ["other"] }, "unknown_server"],
  ] as const;
  for (const [request, code] of refused) {
    const { detail } = await expectProblem(await narrow.post("/jobs", request), code);
    expect(detail).not.toContain("other,");
  }
  for (const [path, code] of [
    ["/mcp/servers/other/tools/echo/execute", "server_not_found"],
    ["/mcp/servers/fixture/tools/add/execute", "tool_not_found"],
  ] as const) {
    await expectProblem(await narrow.post(path, { arguments: {} }), code);
  }
  // Both servers have it, but for this key there is one.
  expect((await narrow.run({ tool: "echo", arguments: { text: "x" } })).status).toBe("completed");
  await expectProblem(
    await as("alice").post("/jobs", { type: "tool", tool: "echo", arguments: { text: "x" } }),
    "ambiguous_tool",
  );
});

test("[api.keys.tools] a chat is offered no other tool, and its log tells nobody what the key may use", async () => {
  const narrow = as("narrow");
  const called = async (message: string) => {
    const { id } = await narrow.chat({ message });
    const response = await narrow.get(`/jobs/${id}/events?limit=500`, { accept: "application/json" });
    const page = (await response.json()) as { events: { type: string }[] };
    expect(JSON.stringify(page)).not.toContain("tool_access");
    return page.events.filter(({ type }) => type === "tool.called").length;
  };
  expect(await called("fixture__echo text=hello")).toBe(1);
  expect(await called("other__echo text=hello")).toBe(0);
});
