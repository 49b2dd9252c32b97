import { z } from "zod";
import { ProblemError } from "./problem.ts";
import { queryNumber } from "./query-number.ts";

const EVENT_ID = /^\d{1,12}$/;
const EVENT_ID_MAX = 999_999_999_999;
const RULE = "must be the id of an event: a whole number from 0";

/** `?after=` of a route that streams events. */
export const EventId = queryNumber(z.int().min(0).max(EVENT_ID_MAX, RULE), RULE);

/** The id of the last event that a client has, 0 for none; and where it says so, as its errors call it. */
interface EventCursor {
  after: number;
  path: "Last-Event-ID" | "after";
}

/**
 * `Last-Event-ID`, which a browser sends by itself when it comes back, goes before `?after=`; an empty one counts as none.
 * @throws ProblemError when the header is no event's id.
 */
export function eventCursor(header: string | undefined, after = 0): EventCursor {
  if (header === undefined || header === "") return { after, path: "after" };
  const cursor = { after: Number(header), path: "Last-Event-ID" } as const;
  if (!EVENT_ID.test(header)) throw cursorProblem(cursor, RULE);
  return cursor;
}

/** The problem of a cursor that no event of the log has. */
export function cursorPastTheEnd(cursor: EventCursor, last: number): ProblemError {
  const message = `${cursor.after} is past the last event, whose id is ${last}; ask from 0 to get all`;
  return cursorProblem(cursor, message);
}

function cursorProblem({ path }: EventCursor, message: string): ProblemError {
  return new ProblemError(path === "after" ? "invalid_query" : "invalid_header", {
    detail: `${path} ${message}.`,
    errors: [{ path, message }],
  });
}
