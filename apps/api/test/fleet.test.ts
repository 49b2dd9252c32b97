import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import {
  ServerList,
  ServerToolList,
  ToolList,
  WorkerList,
  type Server,
  type Tool,
} from "@millrace/contracts";
import { startFixtureHttp, type FixtureHttp } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer, mcpServer, stdioServer } from "../../../test/support/mcp-servers.ts";
import { startWorker } from "../../../test/support/test-worker.ts";

const NAMES = ["everything", "files", "http", "missing", "sse", "stdio", "websocket"];

let folder: string;
let remote: FixtureHttp;
let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-fleet-"));
  await writeFile(join(folder, "welcome.txt"), "hello from a file\n");
  remote = await startFixtureHttp();
  const { httpUrl, sseUrl, webSocketUrl } = remote;
  const configured = [
    fixtureServer("stdio", { displayName: "Over stdio", description: "A fixture" }),
    mcpServer("http", { type: "http", url: httpUrl, headers: {} }),
    mcpServer("sse", { type: "sse", url: sseUrl, headers: {} }),
    mcpServer("websocket", { type: "websocket", url: webSocketUrl, headers: {} }),
    stdioServer("everything", "mcp-server-everything"),
    stdioServer("files", "mcp-server-filesystem", [folder]),
    stdioServer("missing", "/no/such/program"),
  ];
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: configured });
  client = installation.api.client;
  await client.untilConnected(6);
});
afterAll(async () => {
  await installation.close();
  await remote.close();
  await rm(folder, { recursive: true });
});

async function servers(): Promise<Server[]> {
  const body = await client.read("/mcp/servers");
  expect(ServerList.strict().parse(body)).toEqual(body);
  return (body as { servers: Server[] }).servers;
}

async function tools(): Promise<Tool[]> {
  const body = await client.read("/mcp/tools");
  expect(ToolList.strict().parse(body)).toEqual(body);
  return (body as { tools: Tool[] }).tools;
}

test("[api.fleet.transports] a job reaches a real server over each transport", async () => {
  for (const server of ["stdio", "http", "sse", "websocket"]) {
    const job = await client.run({ server, tool: "echo", arguments: { text: server } });
    expect(job.result?.content, server).toEqual([{ type: "text", text: server }]);
  }
  const path = join(folder, "welcome.txt");
  const file = await client.run({ server: "files", tool: "read_text_file", arguments: { path } });
  expect(file.result?.content).toEqual([{ type: "text", text: "hello from a file\n" }]);
  const sum = await client.run({ server: "everything", tool: "get-sum", arguments: { a: 1, b: 2 } });
  expect(JSON.stringify(sum.result?.content)).toContain("3");
});

test("[api.fleet.servers] lists every server with its status, tools and resources", async () => {
  const list = await servers();
  expect(list.map(({ name }) => name)).toEqual(NAMES);
  expect(list.find(({ name }) => name === "stdio")).toMatchObject({
    display_name: "Over stdio",
    description: "A fixture",
    transport_type: "stdio",
    status: "connected",
    available_tools: expect.arrayContaining(["echo", "add", "fail"]) as string[],
    available_resources: ["fixture://greeting"],
    last_error: null,
    workers: { connected: 1, total: 1 },
  });
});

test("[api.fleet.servers] a server that cannot start says why, and harms no other", async () => {
  const missing = (await servers()).find(({ name }) => name === "missing");
  expect(missing).toMatchObject({
    status: "error",
    available_tools: [],
    workers: { connected: 0, total: 1 },
  });
  expect(missing?.last_error).toContain("/no/such/program");
  const job = await client.run({ server: "missing", tool: "echo" });
  expect(job).toMatchObject({ status: "failed", error: { code: "server_unavailable", retryable: true } });
  expect(job.error?.message).toContain("/no/such/program");
});

test("[api.fleet.health] tells for each server whether it is connected", async () => {
  const health = Object.fromEntries(NAMES.map((name) => [name, name !== "missing"]));
  expect(await client.read("/mcp/health")).toEqual({ health });
});

test("[api.fleet.tools] lists all tools under names that are unique and fit for model providers", async () => {
  const list = await tools();
  const names = list.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(list.find(({ name }) => name === "stdio__add")).toMatchObject({
    server_name: "stdio",
    tool_name: "add",
    description: "Adds two numbers",
    parameters: { type: "object", required: ["a", "b"] },
    output_schema: { type: "object", required: ["sum"] },
  });
  const echo = list.find(({ name }) => name === "http__echo");
  expect(echo).toMatchObject({ annotations: { readOnlyHint: true }, output_schema: null });
});

test("[api.fleet.tools] lists one server's tools, the same as among all", async () => {
  const all = await tools();
  for (const name of NAMES) {
    const body = await client.read(`/mcp/servers/${name}/tools`);
    const { tools: own, withheld } = ServerToolList.strict().parse(body);
    expect(withheld).toEqual([]);
    expect(own, name).toEqual(all.filter(({ server_name }) => server_name === name));
  }
});

test("[api.fleet.tools] answers 404 for a server that the fleet does not have, and names those it has", async () => {
  const problem = await expectProblem(await client.get("/mcp/servers/nobody/tools"), "server_not_found");
  for (const name of NAMES) expect(problem.detail).toContain(name);
});

test("[api.fleet.workers] lists the live workers, and no longer those that have left", async () => {
  const read = async () => {
    const body = await client.read("/workers");
    expect(WorkerList.parse(body)).toEqual(body);
    return (body as { workers: { id: string }[] }).workers;
  };
  const [first] = await read();
  expect(first).toMatchObject({
    host: hostname(),
    concurrency: { tool: 50 },
    running: { tool: expect.any(Number) as number },
    servers: { stdio: "connected", missing: "error" },
  });

  const second = await startWorker([fixtureServer("stdio")], installation.environment);
  await client.until<{ workers: unknown[] }>("/workers", ({ workers }) => workers.length === 2);
  await client.until<{ servers: Server[] }>(
    "/mcp/servers",
    (body) => body.servers.find(({ name }) => name === "stdio")?.workers.connected === 2,
  );
  await second.close();
  await client.until<{ workers: unknown[] }>("/workers", ({ workers }) => workers.length === 1);
  expect((await read()).map(({ id }) => id)).toEqual([(first as { id: string }).id]);
});

test("[api.fleet.empty] without a worker the lists are empty, and a job is accepted and waits", async () => {
  await using alone = await startInstallation({ redisUrl: inject("redisUrl") });
  const lonely = alone.api.client;
  expect(await lonely.read("/mcp/servers")).toEqual({ servers: [] });
  expect(await lonely.read("/mcp/tools")).toEqual({ tools: [] });
  expect(await lonely.read("/mcp/health")).toEqual({ health: {} });
  expect(await lonely.read("/workers")).toEqual({ workers: [] });
  expect(await lonely.read("/health/ready")).toMatchObject({ status: "ready", redis: true, workers: 0 });
  await expectProblem(await lonely.get("/mcp/servers/any/tools"), "server_not_found");

  const job = await lonely.submit({ server: "late", tool: "echo", arguments: { text: "at last" } });
  const nonsense = await lonely.submit({ server: "nobody", tool: "echo" });
  await using _worker = await startWorker([fixtureServer("late")], alone.environment);
  await using stream = await lonely.events(job.id);
  await stream.untilType("job.completed");
  const judged = await lonely.get(`/jobs/${nonsense.id}?wait=20`);
  expect(await judged.json()).toMatchObject({ status: "failed", error: { code: "unknown_server" } });
});
