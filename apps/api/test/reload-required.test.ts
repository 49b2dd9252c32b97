import { expect, inject, test } from "vitest";
import { startInstallation } from "../../../test/support/installation.ts";
import { fixtureEntry, McpFile } from "../../../test/support/mcp-file.ts";
import { logged, startProgram } from "../../../test/support/program.ts";

test("[worker.required] a worker takes no jobs until its required servers are connected, and says what it waits for", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { client } = installation.api;
  const broken = { transport_type: "stdio", required: true, config: { command: "/no/such/program" } };
  await using file = await McpFile.watched({ sound: fixtureEntry(), needed: broken });
  const environment = { ...installation.environment, MCP_CONFIG_FILE: file.path };
  await using program = startProgram("worker", environment);
  const waiting = await logged(program, ({ msg }) => msg.startsWith("Taking no jobs"));
  expect(waiting).toMatchObject({ servers: ["needed"] });
  const job = await client.submit({ server: "sound", tool: "echo", arguments: { text: "at last" } });
  await client.until<{ health?: Record<string, boolean> }>(
    "/mcp/health",
    ({ health = {} }) => health["sound"] === true && health["needed"] === false,
  );
  expect(await client.job(job.id)).toMatchObject({ status: "queued" });

  await file.write({ sound: fixtureEntry(), needed: fixtureEntry([], { required: true }) });
  await logged(program, ({ msg }) => msg === "Taking jobs");
  await using stream = await client.events(job.id);
  await stream.untilType("job.completed");
});

test("[worker.required.background] a worker that waits for a required server keeps schedules all the same", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { client } = installation.api;
  const broken = { transport_type: "stdio", required: true, config: { command: "/no/such/program" } };
  await using file = await McpFile.watched({ needed: broken });
  const environment = { ...installation.environment, MCP_CONFIG_FILE: file.path };
  await using program = startProgram("worker", environment);
  await logged(program, ({ msg }) => msg.startsWith("Taking no jobs"));
  const job = { type: "tool", server: "needed", tool: "echo", arguments: {} };
  const put = await client.request("/schedules/ticking", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ interval_ms: 1_000, job }),
  });
  expect(put.status).toBeLessThan(300);
  await client.until<{ jobs: unknown[] }>("/jobs", ({ jobs }) => jobs.length > 0);
});
