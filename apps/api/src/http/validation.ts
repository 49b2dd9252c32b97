import { describeIssues, type ProblemCode } from "@millrace/contracts";
import { isUtf8 } from "node:buffer";
import { createMiddleware } from "hono/factory";
import { validator } from "hono-openapi";
import type { z } from "zod";
import { mediaType } from "./media-type.ts";
import { ProblemError } from "./problem.ts";

/** As in Hono's validator: it takes a body of any other type for an empty object. */
const JSON_TYPE = /^application\/([\w.-]+\+)?json$/;
/** What `Content-Encoding` says of a body that is not packed. */
const PLAIN = /^(identity)?$/i;

/**
 * Refuses a body that does not say that it is JSON, or says that it is packed, before it is read, and one that is not
 * UTF-8: a decoder would silently put other characters in the place of what it cannot read.
 */
export const requireJson = createMiddleware(async (c, next) => {
  if (!JSON_TYPE.test(mediaType(c) ?? "")) {
    throw new ProblemError("unsupported_media_type", {
      detail: "Send the header `Content-Type: application/json`.",
    });
  }
  if (!PLAIN.test(c.req.header("content-encoding") ?? "")) {
    throw new ProblemError("unsupported_media_type", {
      detail: "This body cannot be packed. Send it as it is, without the header `Content-Encoding`.",
    });
  }
  const body = Buffer.from(await c.req.arrayBuffer());
  if (!isUtf8(body)) {
    throw new ProblemError("invalid_json", {
      detail: "The body is not UTF-8, as JSON has to be. Encode it as UTF-8.",
    });
  }
  // Files that were written on Windows begin with a byte order mark; JSON may be read without it (RFC 8259, 8.1).
  const text = body.toString().replace(/^\uFEFF/, "");
  // Where Hono keeps a body that has been read: as promises, whatever its types say.
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
  await next();
});

/** Validates a JSON body; 422 with a path for each thing that is wrong. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return validator("json", schema, (result) => {
    if (!result.success)
      throw invalid("invalid_request", "The request does not fit its schema", result.error);
  });
}

/** Validates the query; 400 with the name of each parameter that is wrong. */
export function queryParameters<Schema extends z.ZodType>(schema: Schema) {
  return validator("query", schema, (result, c) => {
    if (!isReadable(c.req.url)) {
      throw new ProblemError("invalid_query", {
        detail: "The query has a % that begins no percent-encoded UTF-8. Write %25 for the character itself.",
      });
    }
    if (!result.success) throw invalid("invalid_query", "The query is malformed", result.error);
  });
}

/** Hono takes what cannot be decoded as it stands, so that nobody would see it. */
function isReadable(url: string): boolean {
  const start = url.indexOf("?");
  try {
    if (start >= 0) decodeURIComponent(url.slice(start));
    return true;
  } catch {
    return false;
  }
}

function invalid(code: ProblemCode, summary: string, issues: readonly unknown[]): ProblemError {
  const errors = describeIssues(issues);
  const detail = errors
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  return new ProblemError(code, { detail: `${summary}: ${detail}.`, errors });
}
