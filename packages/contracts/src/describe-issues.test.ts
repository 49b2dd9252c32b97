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
