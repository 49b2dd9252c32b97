import { FLEET_REQUEST_MS, ResourceContents, ResourceList } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { createFleetLists, REFRESH, RefreshQuery } from "../fleet-lists.ts";
import { json, problems } from "../http/openapi.ts";
import { queryParameters } from "../http/validation.ts";
import { waitSignal } from "../http/wait-signal.ts";
import { readResource } from "../read-through-worker.ts";

const URI_LENGTH_MAX = 8_192;

const ReadQuery = z.strictObject({
  uri: z
    .string()
    .min(1, "must not be empty")
    .max(URI_LENGTH_MAX)
    .describe("The URI of the resource, as its server lists it."),
});

/** `/mcp/servers/{server}/resources`, and `/resources/read`. */
export function mcpResourceRoutes(dependencies: ApiDependencies) {
  const { store, shutdown } = dependencies;
  const lists = createFleetLists(dependencies);
  return new Hono<AccessEnvironment>()
    .get(
      "/mcp/servers/:server/resources",
      describeRoute({
        tags: ["mcp"],
        summary: "List one server's resources and resource templates",
        description: REFRESH,
        responses: {
          200: json("The resources and resource templates", ResourceList),
          ...problems(400, 401, 404, 503),
        },
      }),
      queryParameters(RefreshQuery),
      async (c) => {
        const report = await lists.report(c, c.req.valid("query"));
        const { resources, resource_templates, truncated } = report;
        return c.json({ resources, resource_templates, truncated });
      },
    )
    .get(
      "/mcp/servers/:server/resources/read",
      describeRoute({
        tags: ["mcp"],
        summary: "Read a resource",
        description: `A worker that is connected to the server reads it, within ${FLEET_REQUEST_MS / 1_000} s.`,
        responses: {
          200: json("The parts of the resource, each with text or a base64 blob", ResourceContents),
          ...problems(400, 401, 404, 409, 422, 503),
        },
      }),
      queryParameters(ReadQuery),
      async (c) => {
        const { server } = c.req.param();
        const { uri } = c.req.valid("query");
        const contents = await readResource(
          store,
          c.get("principal"),
          { server, uri },
          waitSignal(c, shutdown),
        );
        return c.json({ contents });
      },
    );
}
