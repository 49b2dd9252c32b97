import { BulkRetryRequest, BulkRetryResponse, Job, RetryRequest } from "@millrace/contracts";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { accepted } from "../http/accepted.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { jobNotFound } from "./jobs.ts";

/** A request without a body means the defaults, whatever its headers say. */
const jsonOrNothing = createMiddleware(async (c, next) => {
  const body = await c.req.arrayBuffer();
  if (body.byteLength > 0) return await requireJson(c, next);
  Object.assign(c.req.bodyCache, { text: Promise.resolve("{}") });
  await next();
});

/** `/jobs/{id}/retry` and `/jobs/retry`: jobs that have failed or were cancelled go on. */
export function jobRetryRoutes({ store }: ApiDependencies) {
  return new Hono<AccessEnvironment>()
    .post(
      "/jobs/retry",
      describeRoute({
        tags: ["jobs"],
        summary: "Retry many jobs",
        description:
          "Retries the newest jobs that match every field given, and answers with their ids. A job that somebody else " +
          "retries meanwhile is left out. At least one of `status`, `type`, `batch_id` and `error_code` is needed.",
        responses: {
          200: json("The jobs that are queued again", BulkRetryResponse),
          ...problems(400, 401, 413, 415, 422, 503),
        },
      }),
      requireJson,
      jsonBody(BulkRetryRequest),
      async (c) => {
        const { status = "failed", batch_id, error_code, ...rest } = c.req.valid("json");
        const filter = { status, batchId: batch_id, errorCode: error_code, ...rest };
        return c.json({ job_ids: await store.retries.retryMany(c.get("principal").viewer, filter) });
      },
    )
    .post(
      "/jobs/:id/retry",
      jsonOrNothing,
      jsonBody(RetryRequest),
      // After the body, of which it says that it may be left out.
      describeRoute({
        tags: ["jobs"],
        summary: "Retry a job",
        description:
          "202 with the job, which is queued again. It goes on after the steps that it has finished, or from the " +
          'beginning with `{"from": "start"}`. 409 unless it has failed or was cancelled.',
        requestBody: { required: false, content: {} },
        responses: {
          202: json("The job, queued again", Job, "Location"),
          ...problems(400, 401, 404, 409, 413, 415, 422, 503),
        },
      }),
      async (c) => {
        const jobId = c.req.param("id");
        const answer = await store.retries.retry(c.get("principal").viewer, jobId, c.req.valid("json").from);
        if (!answer) throw jobNotFound(jobId);
        if (answer.outcome === "refused") throw notRetryable(answer.job);
        return accepted(c, answer.job);
      },
    );
}

function notRetryable({ id, status }: Job): ProblemError {
  const reason =
    status === "completed"
      ? "It has completed: submit it again as a new job."
      : `It is ${status}: wait for its end, or cancel it first.`;
  return new ProblemError("not_retryable", { detail: `Job ${id} cannot be retried. ${reason}` });
}
