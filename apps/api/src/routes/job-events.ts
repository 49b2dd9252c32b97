import { JobEventPage } from "@millrace/contracts";
import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { EVENT_STREAM_HEADERS, eventStreamResponse } from "../http/event-stream.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { queryParameters } from "../http/validation.ts";
import { jobNotFound } from "./jobs.ts";

const EVENT_ID = /^\d{1,12}$/;
const rule = "must be the id of an event: a whole number from 0";

const EventsQuery = z.strictObject({
  after: z.string().regex(EVENT_ID, rule).transform(Number).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, "must be a whole number from 1 to 500")
    .transform(Number)
    .refine((length) => length >= 1 && length <= 500, "must be a whole number from 1 to 500")
    .default(100),
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
        "Server-sent events from the start, or after `Last-Event-ID` or `?after=`; the stream ends after the " +
        "terminal event, and a reconnect with its id gets 204. With `Accept: application/json` a page of events.",
      responses: {
        200: {
          description: "The events",
          content: {
            "text/event-stream": { schema: { type: "string" } },
            ...json("", JobEventPage).content,
          },
        },
        204: { description: "The job has ended and its last event is known" },
        ...problems(400, 401, 404, 503),
      },
    }),
    queryParameters(EventsQuery),
    async (c) => {
      const jobId = c.req.param("id");
      const query = c.req.valid("query");
      const header = c.req.header("last-event-id");
      const after = header === undefined || header === "" ? (query.after ?? 0) : lastEventId(header);
      const head = await store.logHead(c.get("principal").viewer, jobId);
      if (!head) throw jobNotFound(jobId);
      if (after > head.length) throw pastTheEnd(after, head.length, header !== undefined);
      const type = accepts(c, {
        header: "Accept",
        supports: ["text/event-stream", "application/json"],
        default: "text/event-stream",
      });
      if (type === "application/json") {
        const events = await store.readLog(jobId, after, query.limit);
        const last = events.at(-1)?.id ?? after;
        const cursor = last < head.length ? `"${last}"` : "null";
        const body = `{"events":[${events.map((event) => event.json).join(",")}],"next_cursor":${cursor}}`;
        return c.body(body, 200, { "content-type": "application/json", "cache-control": "no-store" });
      }
      if (head.ended && after === head.length) return c.body(null, 204);
      // Nobody would read the stream that a HEAD request opens, so nothing would ever close it.
      if (c.req.method === "HEAD") return c.body(null, 200, EVENT_STREAM_HEADERS);
      return eventStreamResponse(c, store.follow(jobId, after), dependencies);
    },
  );
}

function lastEventId(header: string): number {
  if (EVENT_ID.test(header)) return Number(header);
  throw new ProblemError("invalid_header", {
    detail: `Last-Event-ID ${rule}.`,
    errors: [{ path: "Last-Event-ID", message: rule }],
  });
}

function pastTheEnd(after: number, length: number, fromHeader: boolean): ProblemError {
  const message = `${after} is past the end of this log, which has ${length} events`;
  return new ProblemError(fromHeader ? "invalid_header" : "invalid_query", {
    detail: `Event id ${message}. Ask from 0 to read it whole.`,
    errors: [{ path: fromHeader ? "Last-Event-ID" : "after", message }],
  });
}
