import { JobEvent, JobEventPage } from "@millrace/contracts";
import { GoneError } from "@millrace/job-store";
import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { cursorPastTheEnd, eventCursor, EventId } from "../http/event-cursor.ts";
import { eventStreamResponse } from "../http/event-stream.ts";
import { jsonOrEvents, problems, requestHeaders } from "../http/openapi.ts";
import { pageLimit } from "../http/page-limit.ts";
import { queryParameters } from "../http/validation.ts";
import { jobNotFound } from "./jobs.ts";

const EventsQuery = z.strictObject({
  after: EventId.optional().describe("The id of the last event that you have; the events after it are sent."),
  limit: pageLimit({ max: 500, standard: 100 }),
});

/** `/jobs/{id}/events`: the log of a job, as a stream or by the page. */
export function jobEventRoutes(dependencies: ApiDependencies) {
  const { store } = dependencies;
  return new Hono<AccessEnvironment>().get(
    "/jobs/:id/events",
    describeRoute({
      tags: ["jobs"],
      summary: "Follow a job's events",
      description:
        "Server-sent events from the start, or after `Last-Event-ID` or `?after=`. The stream ends after the terminal " +
        "event; a reconnect with its id gets 204. With `Accept: application/json` the answer is a page of events.",
      parameters: requestHeaders("Last-Event-ID"),
      responses: {
        200: jsonOrEvents("The events", { schema: JobEventPage, event: JobEvent }),
        204: { description: "The job has ended, and you have its last event" },
        ...problems(400, 401, 404, 503),
      },
    }),
    queryParameters(EventsQuery),
    async (c) => {
      const jobId = c.req.param("id");
      const query = c.req.valid("query");
      const cursor = eventCursor(c.req.header("last-event-id"), query.after);
      const { after } = cursor;
      const head = await store.logHead(c.get("principal").viewer, jobId);
      if (!head) throw jobNotFound(jobId);
      if (after > head.length) throw cursorPastTheEnd(cursor, head.length);
      const type = accepts(c, {
        header: "Accept",
        supports: ["text/event-stream", "application/json"],
        default: "text/event-stream",
      });
      if (type === "application/json") {
        const events = await store.readLog(jobId, after, query.limit).catch((error: unknown) => {
          throw error instanceof GoneError ? jobNotFound(jobId) : error;
        });
        const last = events.at(-1)?.id ?? after;
        const next = last < head.length ? `"${last}"` : "null";
        const body = `{"events":[${events.map((event) => event.json).join(",")}],"next_cursor":${next}}`;
        return c.body(body, 200, { "content-type": "application/json", "cache-control": "no-store" });
      }
      if (head.ended && after === head.length) return c.body(null, 204);
      return eventStreamResponse(c, store.follow(jobId, after), dependencies);
    },
  );
}
