import { BatchEvent } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { cursorPastTheEnd, eventCursor, EventId } from "../http/event-cursor.ts";
import { eventStreamResponse } from "../http/event-stream.ts";
import { eventStream, problems, requestHeaders } from "../http/openapi.ts";
import { queryParameters } from "../http/validation.ts";
import { batchNotFound } from "./batches.ts";

const EventsQuery = z.strictObject({
  after: EventId.optional().describe("The id of the last event that you have."),
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
        "Server-sent events, at most ten a second, each with the current state of the batch (BatchEvent). The first " +
        "comes at once unless nothing has changed since `Last-Event-ID` or `?after=`; the others come as the batch " +
        "changes. The stream ends after `batch.completed` or `batch.cancelled`; a reconnect with its id gets 204.",
      parameters: requestHeaders("Last-Event-ID"),
      responses: {
        200: { description: "The events", content: eventStream(BatchEvent) },
        204: { description: "The batch has ended, and you have its last event" },
        ...problems(400, 401, 404, 503),
      },
    }),
    queryParameters(EventsQuery),
    async (c) => {
      const batchId = c.req.param("id");
      const cursor = eventCursor(c.req.header("last-event-id"), c.req.valid("query").after);
      const { after } = cursor;
      const { viewer } = c.get("principal");
      const reading = await store.batches.progress(viewer, batchId);
      if (!reading) throw batchNotFound(batchId);
      if (after > reading.revision) throw cursorPastTheEnd(cursor, reading.revision);
      if (after === reading.revision && reading.progress.status !== "running") return c.body(null, 204);
      return eventStreamResponse(c, store.batches.follow(viewer, batchId, after), dependencies);
    },
  );
}
