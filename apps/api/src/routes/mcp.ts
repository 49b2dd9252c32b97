import { ServerHealth, ServerList, ToolList, type ServerReport } from "@millrace/contracts";
import type { FleetView } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";

/** `/mcp`: the fleet's servers and tools, as the workers report them. */
export function mcpRoutes({ store }: ApiDependencies) {
  return new Hono<AccessEnvironment>()
    .get(
      "/mcp/servers",
      describeRoute({
        tags: ["mcp"],
        summary: "List the MCP servers",
        responses: { 200: json("The servers", ServerList), ...problems(401, 503) },
      }),
      async (c) => c.json({ servers: (await store.fleet()).servers() }),
    )
    .get(
      "/mcp/servers/:server/tools",
      describeRoute({
        tags: ["mcp"],
        summary: "List one server's tools",
        responses: { 200: json("The tools", ToolList), ...problems(401, 404, 503) },
      }),
      async (c) => c.json({ tools: reportOf(await store.fleet(), c.req.param("server")).tools }),
    )
    .get(
      "/mcp/tools",
      describeRoute({
        tags: ["mcp"],
        summary: "List all tools under their unified names",
        responses: { 200: json("The tools", ToolList), ...problems(401, 503) },
      }),
      async (c) => c.json({ tools: (await store.fleet()).tools() }),
    )
    .get(
      "/mcp/health",
      describeRoute({
        tags: ["mcp"],
        summary: "Tell which servers are connected",
        responses: { 200: json("The health", ServerHealth), ...problems(401, 503) },
      }),
      async (c) => {
        const { reports } = await store.fleet();
        return c.json({
          health: Object.fromEntries(reports.map(({ name, status }) => [name, status === "connected"])),
        });
      },
    );
}

function reportOf(fleet: FleetView, server: string): ServerReport {
  const report = fleet.reports.find(({ name }) => name === server);
  if (report) return report;
  const known = fleet.reports.map(({ name }) => name).join(", ") || "none, as no worker has reported";
  throw new ProblemError("server_not_found", {
    detail: `There is no server "${server}". Servers: ${known}.`,
  });
}
