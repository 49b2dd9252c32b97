import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { EVENT_STREAM_HEADERS, eventStreamResponse } from "../http/event-stream.ts";
import { problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { queryParameters } from "../http/validation.ts";
import { batchNotFound } from "./batches.ts";

const EVENT_ID = /^\d{1,12}$/;
const rule = "must be the id of an event: a whole number from 0";

const EventsQuery = z.strictObject({
  after: z.string().regex(EVENT_ID, rule).transform(Number).optional(),
});

/** `/batches/{id}/events`: the progress of a batch. */
export function batchEventRoutes(dependencies: ApiDependencies) {
  const { store } = dependencies;
  return new Hono<AccessEnvironment>().get(
    "/batches/:id/events",
    describeRoute({
      tags: ["batches"],
      summary: "Follow a batch's progress",
      description:
        "Server-sent events, each with the batch as it is then (BatchEvent), at most ten a second: at once unless " +
        "nothing has changed since `Last-Event-ID` or `?after=`, then as the batch changes. The stream ends after " +
        "`batch.completed` or `batch.cancelled`, and a reconnect with its id gets 204.",
      responses: {
        200: { description: "The events", content: { "text/event-stream": { schema: { type: "string" } } } },
        204: { description: "The batch has ended and its last event is known" },
        ...problems(400, 401, 404, 503),
      },
    }),
    queryParameters(EventsQuery),
    async (c) => {
      const batchId = c.req.param("id");
      const header = c.req.header("last-event-id");
      const isGiven = header !== undefined && header !== "";
      if (isGiven && !EVENT_ID.test(header)) throw malformed(rule, true);
      const after = isGiven ? Number(header) : (c.req.valid("query").after ?? 0);
      const { viewer } = c.get("principal");
      const reading = await store.batches.progress(viewer, batchId);
      if (!reading) throw batchNotFound(batchId);
      if (after > reading.revision) throw malformed("is not the id of an event of this batch", isGiven);
      if (after === reading.revision && reading.progress.status !== "running") return c.body(null, 204);
      // Nobody would read the stream that a HEAD request opens, so nothing would ever close it.
      if (c.req.method === "HEAD") return c.body(null, 200, EVENT_STREAM_HEADERS);
      return eventStreamResponse(c, store.batches.follow(viewer, batchId, after), dependencies);
    },
  );
}

function malformed(message: string, isHeader: boolean): ProblemError {
  const path = isHeader ? "Last-Event-ID" : "after";
  return new ProblemError(isHeader ? "invalid_header" : "invalid_query", {
    detail: `${path} ${message}.`,
    errors: [{ path, message }],
  });
}
