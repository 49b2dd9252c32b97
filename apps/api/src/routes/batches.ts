import { Batch, BatchPage } from "@millrace/contracts";
import { isBatchId } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { pageLimit } from "../http/page-limit.ts";
import { ProblemError } from "../http/problem.ts";
import { queryParameters } from "../http/validation.ts";

const ListQuery = z.strictObject({
  limit: pageLimit({ max: 200, standard: 50 }),
  cursor: z
    .string()
    .refine(isBatchId, "must be the next_cursor of the page before")
    .optional()
    .describe("The `next_cursor` of the page before."),
});

export function batchNotFound(batchId: string): ProblemError {
  return new ProblemError("batch_not_found", {
    detail: `There is no batch ${batchId.slice(0, 64)} for this key. It may have expired: see JOB_RETENTION_SECONDS.`,
  });
}

/** `/batches`: look up, list, cancel. */
export function batchRoutes({ store }: ApiDependencies) {
  return new Hono<AccessEnvironment>()
    .get(
      "/batches",
      describeRoute({
        tags: ["batches"],
        summary: "List batches, newest first",
        responses: { 200: json("A page of batches", BatchPage), ...problems(400, 401, 503) },
      }),
      queryParameters(ListQuery),
      async (c) => c.json(await store.batches.list(c.get("principal").viewer, c.req.valid("query"))),
    )
    .get(
      "/batches/:id",
      describeRoute({
        tags: ["batches"],
        summary: "Look a batch up",
        responses: { 200: json("The batch", Batch), ...problems(401, 404, 503) },
      }),
      async (c) => {
        const batchId = c.req.param("id");
        const batch = await store.batches.find(c.get("principal").viewer, batchId);
        if (!batch) throw batchNotFound(batchId);
        return c.json(batch);
      },
    )
    .post(
      "/batches/:id/cancel",
      describeRoute({
        tags: ["batches"],
        summary: "Cancel a batch",
        description:
          "202 with the batch: its upload ends, and all jobs that have not ended are cancelled in the background. 200 " +
          "with the unchanged batch when it had already ended.",
        responses: {
          200: json("The batch, which had ended", Batch),
          202: json("The batch", Batch),
          ...problems(401, 404, 413, 503),
        },
      }),
      async (c) => {
        const batchId = c.req.param("id");
        const answer = await store.batches.cancel(c.get("principal").viewer, batchId);
        if (!answer) throw batchNotFound(batchId);
        return c.json(answer.batch, answer.requested ? 202 : 200);
      },
    );
}
