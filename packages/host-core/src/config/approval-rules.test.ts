import { expect, test } from "vitest";
import { policyOf, resolveApproval, type ApprovalRules } from "./approval-rules.ts";

const rules: ApprovalRules = { "write_*": "always", "*": "destructive", "*_free": "never" };

test.each([
  [rules, "write_file", "always"],
  [rules, "read_file", "destructive"],
  [rules, "write_free", "always"],
  [{ "read_*": "never", "write_*": "always" }, "move", "never"],
  [{}, "write_file", "never"],
  [resolveApproval(undefined), "write_file", "never"],
  [resolveApproval("always"), "a/b", "always"],
] as const)(
  "[config.mcp.approval] of the rules %j for %j the strictest that fits counts",
  (given, tool, policy) => {
    expect(policyOf(given, tool)).toBe(policy);
  },
);
