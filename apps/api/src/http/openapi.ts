import { Problem } from "@millrace/contracts";
import { resolver } from "hono-openapi";
import type { z } from "zod";
import { WAIT_SECONDS_MAX } from "./wait.ts";

const text = { type: "string" } as const;

const REQUEST_HEADERS = {
  "Idempotency-Key": {
    description:
      "The same key with the same request makes nothing new: the answer is the first job or batch.",
    schema: { ...text, pattern: "^[!-~]{1,255}$" },
  },
  "Last-Event-ID": {
    description: "The id of the last event that you have; the events after it are sent. Wins over `after`.",
    schema: { ...text, pattern: "^\\d{0,12}$" },
  },
  Prefer: {
    description: `\`wait=N\`: answer as soon as the job has ended, or after N seconds (0 to ${WAIT_SECONDS_MAX}).`,
    schema: text,
  },
  traceparent: {
    description: "W3C Trace Context, which the job's tool calls carry.",
    schema: text,
  },
  "Content-Encoding": {
    description: "How the body is compressed.",
    schema: { ...text, enum: ["gzip", "identity"] },
  },
};

/** The documentation of headers that a request may have. */
export function requestHeaders(...names: (keyof typeof REQUEST_HEADERS)[]) {
  return names.map((name) => ({ name, in: "header", ...REQUEST_HEADERS[name] }));
}

const RESPONSE_HEADERS = {
  Location: { description: "The path where it can be looked up", schema: text },
  "Preference-Applied": { description: "The wait that `Prefer` asked for", schema: text },
  "Retry-After": { description: "Seconds to wait before the next try", schema: text },
  "WWW-Authenticate": { description: "The scheme that a key is sent with", schema: text },
};

type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** The documentation of headers that an answer may have. */
function responseHeaders(names: readonly ResponseHeader[]) {
  return names.length === 0
    ? {}
    : { headers: Object.fromEntries(names.map((name) => [name, RESPONSE_HEADERS[name]])) };
}

/** The documentation of a JSON answer. */
export function json(description: string, schema: z.ZodType, ...headers: ResponseHeader[]) {
  return {
    description,
    ...responseHeaders(headers),
    content: { "application/json": { schema: resolver(schema) } },
  };
}

/** The documentation of an answer that is JSON, or server-sent events for who asks for them. */
export function jsonOrEvents(
  description: string,
  { schema, event }: { schema: z.ZodType; event: z.ZodType },
  ...headers: ResponseHeader[]
) {
  const answer = json(description, schema, ...headers);
  return { ...answer, content: { ...answer.content, ...eventStream(event) } };
}

/** The content of server-sent events, each of which has JSON as its data. */
export function eventStream(event: z.ZodType) {
  return { "text/event-stream": { schema: textOf("text/event-stream", event) } };
}

/** The content of lines of JSON. */
export function jsonLines(line: z.ZodType, example?: string) {
  const schema = textOf("application/x-ndjson", line);
  return { "application/x-ndjson": { schema, ...(example === undefined ? {} : { example }) } };
}

/** Text that holds many values. OpenAPI 3.1 cannot say how they follow each other, so the media type has to. */
function textOf(contentMediaType: string, item: z.ZodType) {
  const resolved = resolver(item);
  return {
    ...resolved,
    toOpenAPISchema: async () => {
      const { schema, components } = await resolved.toOpenAPISchema();
      return { schema: { ...text, contentMediaType, contentSchema: schema }, components };
    },
  };
}

const DESCRIPTIONS = {
  400: "A header, a query value or the JSON is malformed",
  401: "No valid API key",
  403: "The key lacks the scope for this; or there are no keys, and the host or origin is not this machine",
  404: "It does not exist for this key",
  409: "Its state does not allow this",
  410: "The job of this Idempotency-Key has been deleted",
  413: "The body is larger than MAX_BODY_BYTES",
  415: "The content type or the compression of the body is not supported here",
  422: "The request does not fit its schema, or names something that the fleet does not have",
  429: "The key is at its limit of jobs or requests; try again after Retry-After",
  503: "Redis does not answer; try again after Retry-After",
} as const;

const PROBLEM_HEADERS: Readonly<Record<number, readonly ResponseHeader[]>> = {
  401: ["WWW-Authenticate"],
  429: ["Retry-After"],
  503: ["Retry-After"],
};

/** The documentation of the problems that a route answers; what needs a key may also be refused to a key. */
export function problems(...statuses: (keyof typeof DESCRIPTIONS)[]) {
  const all = new Set(statuses.includes(401) ? [...statuses, 403 as const, 429 as const] : statuses);
  return Object.fromEntries(
    [...all].map((status) => [
      status,
      {
        description: DESCRIPTIONS[status],
        ...responseHeaders(PROBLEM_HEADERS[status] ?? []),
        content: { "application/problem+json": { schema: resolver(Problem) } },
      },
    ]),
  );
}
