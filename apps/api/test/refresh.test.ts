import type { Tool } from "@millrace/contracts";
import { expect, inject, test } from "vitest";
import { expectProblem } from "../../../test/support/http-client.ts";
import { startInstallation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

test("[api.refresh] refresh=true shows what a server has not announced", async () => {
  const servers = [fixtureServer("std"), fixtureServer("other")];
  await using installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  const { client } = installation.api;
  await client.untilConnected(2);
  const tools = async (path: string) => {
    const body = await client.read<{ tools: Tool[] }>(path);
    return body.tools.map(({ tool_name }) => tool_name);
  };
  const grow = async (name: string) => {
    const job = await client.run({ server: "std", tool: "grow", arguments: { name, silent: true } });
    expect(job.status).toBe("completed");
  };

  await grow("first");
  expect(await tools("/mcp/servers/std/tools")).not.toContain("first");
  expect(await tools("/mcp/servers/std/tools?refresh=false")).not.toContain("first");
  expect(await tools("/mcp/servers/std/tools?refresh=true")).toContain("first");
  await grow("second");
  expect(await tools("/mcp/tools?refresh=true")).toContain("second");
  await grow("third");
  const body = await client.read<{ servers: { name: string; available_tools: string[] }[] }>(
    "/mcp/servers?refresh=true",
  );
  expect(body.servers.find(({ name }) => name === "std")?.available_tools).toContain("third");
  expect(await tools("/mcp/servers/std/tools")).toContain("third");

  const health = await client.read("/mcp/health?refresh=true");
  expect(health).toEqual({ health: { std: true, other: true } });

  for (const path of [
    "/mcp/health",
    "/mcp/servers",
    "/mcp/tools",
    "/mcp/servers/std/tools",
    "/mcp/servers/std/resources",
  ]) {
    await expectProblem(await client.get(`${path}?refresh=yes`), "invalid_query");
    await expectProblem(await client.get(`${path}?fresh=true`), "invalid_query");
  }
});

test("[api.refresh] without a worker a refresh answers at once with empty lists", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  expect(await installation.api.client.read("/mcp/tools?refresh=true")).toEqual({ tools: [] });
});
