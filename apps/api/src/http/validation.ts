import { boundedErrors, type ProblemCode, type ProblemDetailError } from "@millrace/contracts";
import { isUtf8 } from "node:buffer";
import { createMiddleware } from "hono/factory";
import { validator } from "hono-openapi";
import type { z } from "zod";
import { ProblemError } from "./problem.ts";

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  code?: string;
  keys?: string[];
  /** Of a union: what is wrong with each of its branches. */
  errors?: Issue[][];
}

/**
 * Refuses a body that does not say that it is JSON, before it is read, and one that is not UTF-8: a decoder would
 * silently put other characters in the place of what it cannot read.
 */
export const requireJson = createMiddleware(async (c, next) => {
  const contentType = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (contentType === undefined || !/^application\/(.+\+)?json$/.test(contentType)) {
    throw new ProblemError("unsupported_media_type", {
      detail: "Send the header `Content-Type: application/json`.",
    });
  }
  const body = Buffer.from(await c.req.arrayBuffer());
  if (!isUtf8(body)) {
    throw new ProblemError("invalid_json", {
      detail: "The body is not UTF-8, as JSON has to be. Encode it so.",
    });
  }
  // Where Hono keeps a body that has been read: as promises, whatever its types say.
  Object.assign(c.req.bodyCache, { text: Promise.resolve(body.toString()) });
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
  const errors = describeIssues(issues);
  const detail = errors
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  return new ProblemError(code, { detail: `${summary}: ${detail}.`, errors });
}

/** The first of what zod says is wrong, each with its path as one would write it. */
export function describeIssues(issues: readonly unknown[]): ProblemDetailError[] {
  return boundedErrors(describeEach(issues as readonly Issue[]));
}

function* describeEach(
  issues: readonly Issue[],
  outer: readonly PropertyKey[] = [],
): Iterable<ProblemDetailError> {
  for (const issue of issues) yield* describe(issue, outer);
}

function* describe(issue: Issue, outer: readonly PropertyKey[]): Iterable<ProblemDetailError> {
  const inner = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  const path = [...outer, ...inner];
  if (issue.code === "unrecognized_keys" && issue.keys) {
    for (const key of issue.keys) yield { path: joined([...path, key]), message: "unknown key" };
  } else if (issue.errors && issue.errors.length > 0) {
    yield* describeUnion(issue.errors, path);
  } else {
    yield { path: joined(path), message: issue.message };
  }
}

/** What is wrong inside the branch that fits as a whole; where none does, what each of them wants. */
function* describeUnion(branches: Issue[][], path: readonly PropertyKey[]): Iterable<ProblemDetailError> {
  const fitting = branches.find((issues) => issues.every((issue) => (issue.path ?? []).length > 0));
  if (fitting) {
    yield* describeEach(fitting, path);
  } else {
    const messages = branches.flat().map(({ message }) => message);
    yield { path: joined(path), message: messages.join(", or ") };
  }
}

function joined(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
