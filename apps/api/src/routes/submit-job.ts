import { Job, JobRequest } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { accepted } from "../http/accepted.ts";
import { json, problems } from "../http/openapi.ts";
import { submitAndStream, submitAndWait, wantsEventStream } from "../http/submit.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { preferredWait } from "../http/wait.ts";
import { checkJob } from "../job-check.ts";

/** `POST /jobs`. */
export function submitJobRoutes(dependencies: ApiDependencies) {
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
      const wait = preferredWait(c.req.header("prefer"));
      const newJob = await checkJob(dependencies, c.get("principal").tenant, c.req.valid("json"));
      if (wantsEventStream(c)) return await submitAndStream(c, dependencies, newJob);
      if (wait === null) return accepted(c, await dependencies.store.submit(newJob));
      c.header("preference-applied", `wait=${wait}`);
      return await submitAndWait(c, dependencies, newJob, wait);
    },
  );
}
