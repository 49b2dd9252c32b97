import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssues } from "./describe-issues.ts";
import { parseEnvironment } from "./environment.ts";
import { JobRequest } from "./job-request.ts";

test("[contract.issues.key] says what is wrong with a key", () => {
  const describe = (schema: z.ZodType, value: unknown) =>
    describeIssues(schema.safeParse(value).error?.issues ?? []);
  const request = (metadata: object) => ({ type: "tool", tool: "echo", metadata });
  const long = "k".repeat(65);
  expect(describe(JobRequest, request({ [long]: "x", "": "y" }))).toEqual([
    { path: `metadata.${long}`, message: expect.stringContaining("as a key: ") },
    { path: "metadata.", message: expect.stringMatching(/^as a key: .*>=1 char/) },
  ]);
  expect(describe(JobRequest, request({ [long]: "x" }))[0]?.message).toMatch(/<=64 char/);
  // In none of a union's branches.
  const either = z.union([z.string(), z.record(z.string().max(1), z.string())]);
  expect(describe(either, { ab: "x" })).toEqual([{ path: "ab", message: expect.stringMatching(/<=1 char/) }]);
});

test("[contract.issues.missing] a value that is missing is said to be missing, and one that is no number to have to be one", () => {
  const { error } = JobRequest.safeParse({ type: "tool" });
  expect(describeIssues(error?.issues ?? [])).toEqual([
    { path: "tool", message: "is missing: expected string" },
  ]);
  const settings = z.object({ PORT: z.coerce.number(), NAME: z.string() });
  expect(() => parseEnvironment(settings, { PORT: "x" })).toThrow(
    "  PORT: must be a number\n  NAME: is missing: expected string",
  );
});

test("[contract.issues.kind] of a value of the wrong kind only the kind is said, and of a number only the bound that counts", () => {
  const describe = (value: object) => describeIssues(JobRequest.safeParse(value).error?.issues ?? []);
  const tool = { type: "tool", tool: "echo" };
  const array = "Invalid input: expected array, received string";
  expect(describe({ type: "tool", tool: [] })).toEqual([
    { path: "tool", message: "Invalid input: expected string, received array" },
  ]);
  expect(describe({ type: "chat", messages: "" })).toEqual([{ path: "messages", message: array }]);
  const webhook = { url: "http://127.0.0.1:9/hook", events: "job.completed" };
  expect(describe({ ...tool, webhook })).toEqual([{ path: "webhook.events", message: array }]);
  const messages = [{ role: "user", content: { length: 0 } }];
  expect(describe({ type: "chat", messages })).toEqual([
    {
      path: "messages[0].content",
      message: expect.stringMatching(/^\S+ \S+ expected string, [^,]*, or [^,]* expected array, [^,]*$/),
    },
  ]);
  expect(describe({ ...tool, timeout_ms: 1e21 })).toEqual([
    { path: "timeout_ms", message: expect.stringMatching(/<=86400000$/) },
  ]);
  expect(describe({ ...tool, timeout_ms: 1.5 })).toEqual([
    { path: "timeout_ms", message: "must be a whole number" },
  ]);
  expect(describe({ ...tool, arguments: [] })).toEqual([
    { path: "arguments", message: "Invalid input: expected object, received array" },
  ]);
  // Each of two values keeps what is said of it.
  expect(describe({ type: "chat", message: [], timeout_ms: 0 })).toEqual([
    { path: "message", message: "Invalid input: expected string, received array" },
    { path: "timeout_ms", message: expect.stringMatching(/>=1$/) },
  ]);
});

test("[contract.issues.union] of several forms the one that fits as a whole says what is wrong inside", () => {
  const schema = z.union([
    z.strictObject({ a: z.number() }),
    z.strictObject({ b: z.object({ c: z.number() }) }),
  ]);
  const paths = (value: unknown) =>
    describeIssues(schema.safeParse(value).error?.issues ?? []).map(({ path }) => path);
  expect(paths({ b: { c: "x" } })).toEqual(["b.c"]);
  expect(paths({ d: 1 })).toEqual([""]);
});
