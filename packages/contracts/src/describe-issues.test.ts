import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssues } from "./describe-issues.ts";
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
