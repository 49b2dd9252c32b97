import { FilledPrompt, FLEET_REQUEST_MS, PromptList, PromptRequest } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { createFleetLists, REFRESH, RefreshQuery } from "../fleet-lists.ts";
import { json, problems } from "../http/openapi.ts";
import { jsonBody, queryParameters, requireJson } from "../http/validation.ts";
import { waitSignal } from "../http/wait-signal.ts";
import { getPrompt } from "../read-through-worker.ts";

/** `/mcp/servers/{server}/prompts`, listed and filled in. */
export function mcpPromptRoutes(dependencies: ApiDependencies) {
  const { store, shutdown } = dependencies;
  const lists = createFleetLists(dependencies);
  return new Hono<AccessEnvironment>()
    .get(
      "/mcp/servers/:server/prompts",
      describeRoute({
        tags: ["mcp"],
        summary: "List one server's prompts",
        description: REFRESH,
        responses: { 200: json("The prompts", PromptList), ...problems(400, 401, 404, 503) },
      }),
      queryParameters(RefreshQuery),
      async (c) => {
        const report = await lists.report(c, c.req.valid("query"));
        return c.json({ prompts: report.prompts, truncated: report.truncated });
      },
    )
    .post(
      "/mcp/servers/:server/prompts/:prompt",
      describeRoute({
        tags: ["mcp"],
        summary: "Get a prompt with its arguments filled in",
        description: `A worker that is connected to the server asks for it, within ${FLEET_REQUEST_MS / 1_000} s.`,
        responses: {
          200: json("The messages of the prompt", FilledPrompt),
          ...problems(400, 401, 404, 409, 413, 415, 422, 503),
        },
      }),
      requireJson,
      jsonBody(PromptRequest),
      async (c) => {
        const body = { ...c.req.param(), arguments: c.req.valid("json").arguments };
        return c.json(await getPrompt(store, c.get("principal"), body, waitSignal(c, shutdown)));
      },
    );
}
