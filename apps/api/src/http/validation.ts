import type { ProblemCode, ProblemDetailError } from "@millrace/contracts";
import { createMiddleware } from "hono/factory";
import { validator } from "hono-openapi";
import type { z } from "zod";
import { ProblemError } from "./problem.ts";

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  code?: string;
  keys?: string[];
}

/** Refuses a body that does not say that it is JSON, before it is read. */
export const requireJson = createMiddleware(async (c, next) => {
  const contentType = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (contentType === undefined || !/^application\/(.+\+)?json$/.test(contentType)) {
    throw new ProblemError("unsupported_media_type", {
      detail: "Send the header `Content-Type: application/json`.",
    });
  }
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
  return validator("query", schema, (result) => {
    if (!result.success) throw invalid("invalid_query", "The query is malformed", result.error);
  });
}

function invalid(code: ProblemCode, summary: string, issues: readonly unknown[]): ProblemError {
  const errors = (issues as readonly Issue[]).flatMap(describe);
  const detail = errors
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  return new ProblemError(code, { detail: `${summary}: ${detail}.`, errors });
}

function describe(issue: Issue): ProblemDetailError[] {
  const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  if (issue.code === "unrecognized_keys" && issue.keys) {
    return issue.keys.map((key) => ({ path: joined([...path, key]), message: "unknown key" }));
  }
  return [{ path: joined(path), message: issue.message }];
}

function joined(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
