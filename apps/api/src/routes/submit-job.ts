import { Job, JobEvent, JobRequest } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, jsonOrEvents, problems, requestHeaders } from "../http/openapi.ts";
import { placeJob, submit, submitAndStream, submitAndWait, wantsEventStream } from "../http/submit.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { preferredWait, WAIT_SECONDS_MAX } from "../http/wait.ts";
import { checkJob } from "../job-check.ts";

/** `POST /jobs`. */
export function submitJobRoutes(dependencies: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/jobs",
    describeRoute({
      tags: ["jobs"],
      summary: "Submit a job",
      description:
        `202 with the job. With \`Prefer: wait=N\` (at most ${WAIT_SECONDS_MAX} s), 200 with the finished job if it ends in time. ` +
        "With `Accept: text/event-stream`, the stream of the job's events. With an `Idempotency-Key` that was used " +
        "before, 200 with the first job if the request is the same, and 422 if it is another.",
      parameters: requestHeaders("Idempotency-Key", "Prefer", "traceparent"),
      responses: {
        200: jsonOrEvents(
          "The finished job, the job of the same Idempotency-Key, or the stream of events",
          { schema: Job, event: JobEvent },
          "Location",
          "Preference-Applied",
        ),
        202: json("The accepted job", Job, "Location", "Preference-Applied"),
        ...problems(400, 401, 410, 413, 415, 422, 429, 503),
      },
    }),
    requireJson,
    jsonBody(JobRequest),
    async (c) => {
      const wait = preferredWait(c.req.header("prefer"));
      const principal = c.get("principal");
      const request = c.req.valid("json");
      const wanted = { tenant: principal.tenant, request };
      const placed = await placeJob(c, dependencies, wanted, () =>
        checkJob(dependencies, principal, request),
      );
      if (wantsEventStream(c)) return await submitAndStream(c, dependencies, placed);
      if (wait === null) return await submit(c, dependencies, placed);
      c.header("preference-applied", `wait=${wait}`);
      return await submitAndWait(c, dependencies, placed, wait);
    },
  );
}
