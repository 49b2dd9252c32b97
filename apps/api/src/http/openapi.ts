import { Problem } from "@millrace/contracts";
import { resolver } from "hono-openapi";
import type { z } from "zod";

/** The documentation of a JSON answer. */
export function json(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema: resolver(schema) } } };
}

const DESCRIPTIONS = {
  400: "A header, a query value or the JSON is malformed",
  401: "No valid API key",
  403: "The key has not the scope for this",
  404: "Not there for this key",
  409: "It is not in the state that this needs",
  410: "The job of this Idempotency-Key has been deleted",
  413: "The body is larger than MAX_BODY_BYTES",
  415: "The body is not JSON",
  422: "The request does not fit its schema or the fleet",
  429: "More than this key may have, or do at a time; try again after Retry-After",
  503: "Redis is away; try again after Retry-After",
} as const;

/** The documentation of the problems that a route answers; what needs a key may also be refused to a key. */
export function problems(...statuses: (keyof typeof DESCRIPTIONS)[]) {
  const all = new Set(statuses.includes(401) ? [...statuses, 403 as const, 429 as const] : statuses);
  return Object.fromEntries(
    [...all].map((status) => [
      status,
      {
        description: DESCRIPTIONS[status],
        content: { "application/problem+json": { schema: resolver(Problem) } },
      },
    ]),
  );
}
