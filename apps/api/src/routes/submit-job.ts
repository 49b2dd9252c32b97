import { Job, JobRequest } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { accepted } from "../http/accepted.ts";
import { eventStreamResponse } from "../http/event-stream.ts";
import { json, problems } from "../http/openapi.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { preferredWait } from "../http/wait.ts";
import { waitSignal } from "../http/wait-signal.ts";
import { checkToolCall } from "../tool-check.ts";

/** `POST /jobs`. */
export function submitJobRoutes({ store, shutdown }: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/jobs",
    describeRoute({
      tags: ["jobs"],
      summary: "Submit a job",
      description:
        "202 and the job. `Prefer: wait=N` (at most 60 s): 200 and the finished job if it ends in time. " +
        "`Accept: text/event-stream`: the job's events at once.",
      responses: {
        200: json("The finished job", Job),
        202: json("The accepted job", Job),
        ...problems(400, 401, 413, 415, 422, 503),
      },
    }),
    requireJson,
    jsonBody(JobRequest),
    async (c) => {
      const request = c.req.valid("json");
      const wait = preferredWait(c.req.header("prefer"));
      checkToolCall(await store.fleet(), request);
      const { tenant } = c.get("principal");
      if (c.req.header("accept")?.includes("text/event-stream")) {
        const { job, follower } = await store.submitAndFollow(tenant, request);
        return eventStreamResponse(c, follower, shutdown, { location: job.links.self });
      }
      if (wait === null) return accepted(c, await store.submit(tenant, request));
      const signal = waitSignal(c, shutdown);
      const { job, ended } = await store.submitAndWait(tenant, request, { waitMs: wait * 1_000, signal });
      c.header("preference-applied", `wait=${wait}`);
      return ended ? c.json(job, 200, { location: job.links.self }) : accepted(c, job);
    },
  );
}
