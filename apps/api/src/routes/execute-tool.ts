import { ExecuteRequest, ExecuteResponse, ToolJob, type Job } from "@millrace/contracts";
import type { FleetView } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { accepted } from "../http/accepted.ts";
import { json, problems, requestHeaders } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { placeJob, waitForPlaced } from "../http/submit.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { WAIT_SECONDS_MAX } from "../http/wait.ts";
import { checkJob } from "../job-check.ts";
import { resolveTool } from "../tool-check.ts";

/** `POST /mcp/servers/{server}/tools/{tool}/execute`. */
export function executeToolRoutes(dependencies: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/mcp/servers/:server/tools/:tool/execute",
    describeRoute({
      tags: ["mcp"],
      summary: "Call a tool and wait for its answer",
      description: `A tool job that is waited for, ${WAIT_SECONDS_MAX} s at most: 200 also when the tool failed, else 202 and the job.`,
      parameters: requestHeaders("Idempotency-Key", "traceparent"),
      responses: {
        200: json("The tool's answer", ExecuteResponse),
        202: json("The job, which still runs", ToolJob, "Location"),
        ...problems(400, 401, 404, 410, 413, 415, 422, 429, 503),
      },
    }),
    requireJson,
    jsonBody(ExecuteRequest),
    async (c) => {
      const { server, tool } = c.req.param();
      const call = { server, tool, arguments: c.req.valid("json").arguments };
      const principal = c.get("principal");
      const request = { type: "tool", ...call } as const;
      const wanted = { tenant: principal.tenant, request };
      const placed = await placeJob(c, dependencies, wanted, async () => {
        const fleet = await dependencies.store.fleet();
        requireTool(fleet.visibleTo(principal.toolAccess), server, tool);
        return await checkJob(dependencies, principal, request);
      });
      const { job, ended } = await waitForPlaced(c, dependencies, placed, WAIT_SECONDS_MAX);
      return ended ? c.json(executeResponse(job)) : accepted(c, job);
    },
  );
}

/** What a path names and the fleet does not have is 404. */
function requireTool(fleet: FleetView, server: string, tool: string): void {
  const resolution = resolveTool(fleet, server, tool);
  if (!resolution || resolution.ok) return;
  const code = resolution.error.code === "unknown_server" ? "server_not_found" : "tool_not_found";
  throw new ProblemError(code, { detail: resolution.error.message });
}

function executeResponse(job: Job): ExecuteResponse {
  const result = job.type === "tool" ? job.result : null;
  return {
    success: job.status === "completed",
    content: result?.content ?? [],
    structured_content: result?.structured_content ?? null,
    error: job.status === "cancelled" ? "The call was cancelled." : (job.error?.message ?? null),
    execution_time_ms: result?.execution_time_ms ?? null,
    job_id: job.id,
  };
}
