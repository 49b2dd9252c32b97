import { Job, JobPage, JobStatus, JobType } from "@millrace/contracts";
import { isJobId, waitForEnd } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { pageLimit } from "../http/page-limit.ts";
import { ProblemError } from "../http/problem.ts";
import { queryParameters } from "../http/validation.ts";
import { WAIT_SECONDS_MAX, WaitQuery } from "../http/wait.ts";
import { waitSignal } from "../http/wait-signal.ts";

const ListQuery = z.strictObject({
  status: JobStatus.optional().describe("Only jobs with this status."),
  type: JobType.optional().describe("Only jobs of this type."),
  batch_id: z.string().min(1).max(64).optional().describe("Only jobs of this batch."),
  limit: pageLimit({ max: 200, standard: 50 }),
  cursor: z
    .string()
    .refine(isJobId, "must be the next_cursor of the page before")
    .optional()
    .describe("The `next_cursor` of the page before."),
});

export function jobNotFound(jobId: string): ProblemError {
  return new ProblemError("job_not_found", {
    detail: `There is no job ${jobId.slice(0, 64)} for this key. It may have expired: see JOB_RETENTION_SECONDS.`,
  });
}

/** `/jobs`: look up, list. */
export function jobRoutes({ store, shutdown }: ApiDependencies) {
  return new Hono<AccessEnvironment>()
    .get(
      "/jobs",
      describeRoute({
        tags: ["jobs"],
        summary: "List jobs, newest first",
        responses: { 200: json("A page of jobs", JobPage), ...problems(400, 401, 503) },
      }),
      queryParameters(ListQuery),
      async (c) => {
        const { batch_id: batchId, ...filter } = c.req.valid("query");
        return c.json(await store.list(c.get("principal").viewer, { ...filter, batchId }));
      },
    )
    .get(
      "/jobs/:id",
      describeRoute({
        tags: ["jobs"],
        summary: "Look a job up",
        description: `With \`?wait=N\` the answer comes as soon as the job has ended, or after N seconds (at most ${WAIT_SECONDS_MAX}).`,
        responses: { 200: json("The job", Job), ...problems(400, 401, 404, 503) },
      }),
      queryParameters(WaitQuery),
      async (c) => {
        const { viewer } = c.get("principal");
        const jobId = c.req.param("id");
        const snapshot = await store.find(viewer, jobId);
        if (!snapshot) throw jobNotFound(jobId);
        const { wait } = c.req.valid("query");
        if (!wait || snapshot.job.finished_at !== null) return c.json(snapshot.job);
        using follower = store.follow(jobId, snapshot.logLength);
        const signal = waitSignal(c, shutdown);
        const ended = await waitForEnd(follower, signal, wait * 1_000);
        return c.json(ended ?? (await store.find(viewer, jobId))?.job ?? snapshot.job);
      },
    );
}
