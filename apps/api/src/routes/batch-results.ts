import { BatchOrder, BatchResult } from "@millrace/contracts";
import { parseBatchCursor } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import { resultStream } from "../batches/result-stream.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { jsonLines, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { queryParameters } from "../http/validation.ts";
import { batchNotFound } from "./batches.ts";

const ResultsQuery = z.strictObject({
  order: BatchOrder.default("completion").describe(
    "By line (`input`), or in the order in which the jobs ended. Default `completion`.",
  ),
  cursor: z.string().optional().describe("The `cursor` of the last line that you have, in the same order."),
});

/** `/batches/{id}/results`. */
export function batchResultRoutes({ store, shutdown }: ApiDependencies) {
  return new Hono<AccessEnvironment>().get(
    "/batches/:id/results",
    describeRoute({
      tags: ["batches"],
      summary: "Read a batch's results",
      description:
        "The results of the jobs that have ended so far, one JSON object on each line. They come in the order in which " +
        "the jobs ended, or with `order=input` by line, up to the first line that has not ended, or that an upload " +
        "that was cut off may still bring. Each has a `cursor`: a later request with it goes on after that line.",
      responses: {
        200: {
          description: "The results; each line is a BatchResult",
          content: jsonLines(BatchResult),
        },
        ...problems(400, 401, 404, 503),
      },
    }),
    queryParameters(ResultsQuery),
    async (c) => {
      const batchId = c.req.param("id");
      const { order, cursor } = c.req.valid("query");
      const after = cursor === undefined ? 0 : parseBatchCursor(cursor, order);
      if (after === null) throw malformedCursor(order);
      if (!(await store.batches.progress(c.get("principal").viewer, batchId))) throw batchNotFound(batchId);
      return resultStream(c, store.batches.results(batchId, { order, after }), shutdown);
    },
  );
}

function malformedCursor(order: BatchOrder): ProblemError {
  const message = `must be the cursor of a line of these results with order=${order}`;
  return new ProblemError("invalid_query", {
    detail: `cursor ${message}.`,
    errors: [{ path: "cursor", message }],
  });
}
