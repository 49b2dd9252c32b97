import { ServerHealth, ServerList, ServerToolList, ToolList } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { createFleetLists, REFRESH, RefreshQuery } from "../fleet-lists.ts";
import { json, problems } from "../http/openapi.ts";
import { queryParameters } from "../http/validation.ts";

/** `/mcp`: the fleet's servers and tools, as the workers report them. */
export function mcpRoutes(dependencies: ApiDependencies) {
  const lists = createFleetLists(dependencies);
  return new Hono<AccessEnvironment>()
    .get(
      "/mcp/servers",
      describeRoute({
        tags: ["mcp"],
        summary: "List the MCP servers",
        description: REFRESH,
        responses: { 200: json("The servers", ServerList), ...problems(400, 401, 503) },
      }),
      queryParameters(RefreshQuery),
      async (c) => {
        const fleet = await lists.fleet(c, c.req.valid("query"));
        return c.json({ servers: fleet.servers() });
      },
    )
    .get(
      "/mcp/servers/:server/tools",
      describeRoute({
        tags: ["mcp"],
        summary: "List one server's tools",
        description: REFRESH,
        responses: {
          200: json("The tools, and those that cannot be used, with the reason", ServerToolList),
          ...problems(400, 401, 404, 503),
        },
      }),
      queryParameters(RefreshQuery),
      async (c) => {
        const report = await lists.report(c, c.req.valid("query"));
        return c.json({ tools: report.tools, withheld: report.withheld_tools });
      },
    )
    .get(
      "/mcp/tools",
      describeRoute({
        tags: ["mcp"],
        summary: "List all tools under their unified names",
        description: REFRESH,
        responses: { 200: json("The tools", ToolList), ...problems(400, 401, 503) },
      }),
      queryParameters(RefreshQuery),
      async (c) => {
        const fleet = await lists.fleet(c, c.req.valid("query"));
        return c.json({ tools: fleet.tools() });
      },
    );
}

/** `/mcp/health`. */
export function mcpHealthRoutes(dependencies: ApiDependencies) {
  const lists = createFleetLists(dependencies);
  return new Hono<AccessEnvironment>().get(
    "/mcp/health",
    describeRoute({
      tags: ["mcp"],
      summary: "Tell which servers are connected, or are idle until they are called",
      description: REFRESH,
      responses: { 200: json("The health", ServerHealth), ...problems(400, 401, 503) },
    }),
    queryParameters(RefreshQuery),
    async (c) => {
      const { reports } = await lists.fleet(c, c.req.valid("query"));
      const health = reports.map(({ name, status, last_error: error }) => {
        // Without an error it rests, as a lazy one may.
        const isResting = status === "disconnected" && error === null;
        return [name, status === "connected" || isResting];
      });
      return c.json({ health: Object.fromEntries(health) as Record<string, boolean> });
    },
  );
}
