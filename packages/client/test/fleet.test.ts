import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { createClient, type MillraceClient } from "../src/index.ts";

let installation: Installation;
let client: MillraceClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await installation.api.client.untilConnected(1);
  client = createClient({ url: installation.api.url });
});
afterAll(() => installation.close());

test("[client.fleet] tells of the api, its workers and its models", async () => {
  expect(await client.health()).toMatchObject({ status: "ready", workers: 1, providers: { demo: true } });
  expect(await client.workers()).toMatchObject([{ servers: { fixture: "connected" } }]);
  expect(await client.models()).toContainEqual(expect.objectContaining({ alias: "demo", configured: true }));
});

test("[client.mcp] tells of servers, tools, resources and prompts", async () => {
  expect(await client.mcp.servers()).toMatchObject([{ name: "fixture", status: "connected" }]);
  expect(await client.mcp.health()).toEqual({ fixture: true });
  const tools = await client.mcp.tools();
  expect(tools).toContainEqual(expect.objectContaining({ name: "fixture__echo", tool_name: "echo" }));
  expect(await client.mcp.tools({ server: "fixture", refresh: true })).toHaveLength(tools.length);
  await expect(client.mcp.tools({ server: "none" })).rejects.toMatchObject({ code: "server_not_found" });
  const { resources } = await client.mcp.resources("fixture");
  const [first] = resources;
  expect(await client.mcp.readResource("fixture", first?.uri ?? "")).toMatchObject([{ uri: first?.uri }]);
  expect((await client.mcp.prompts("fixture")).prompts.length).toBeGreaterThan(0);
});

test("[client.mcp.execute] calls a tool and waits; a tool's failure is an answer", async () => {
  expect(await client.mcp.executeTool("fixture", "add", { a: 1, b: 2 })).toMatchObject({
    success: true,
    structured_content: { sum: 3 },
  });
  const failed = await client.mcp.executeTool("fixture", "fail");
  expect(failed).toMatchObject({ success: false, error: expect.stringContaining("always fails") as string });
  await expect(client.mcp.executeTool("fixture", "nothing")).rejects.toMatchObject({
    code: "tool_not_found",
  });
  await expect(client.mcp.executeTool("fixture", "add", { a: "x" })).rejects.toMatchObject({
    code: "invalid_arguments",
    errors: expect.arrayContaining([
      { path: "arguments.b", message: expect.any(String) as string },
    ]) as object[],
  });
});

test("[client.schedules] a schedule is put, paused, resumed, listed and deleted", async () => {
  const job = { type: "tool", tool: "echo", arguments: { text: "tick" } } as const;
  expect(await client.schedules.put("hourly", { interval_ms: 3_600_000, job })).toMatchObject({
    id: "hourly",
    paused: false,
  });
  expect((await client.schedules.pause("hourly")).paused).toBe(true);
  expect((await client.schedules.resume("hourly")).next_run_at).not.toBeNull();
  const ids = Array.from({ length: 60 }, (_, number) => `later-${number}`).toSorted();
  await Promise.all(ids.map((id) => client.schedules.put(id, { interval_ms: 3_600_000, job })));
  const listed: string[] = [];
  for await (const { id } of client.schedules.list()) listed.push(id);
  expect(listed).toEqual(["hourly", ...ids]);
  await client.schedules.delete("hourly");
  await expect(client.schedules.get("hourly")).rejects.toMatchObject({ code: "schedule_not_found" });
});
