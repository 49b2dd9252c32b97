import { matchesGlob, strictestPolicy, type ApprovalPolicy, type McpServerConfig } from "@millrace/contracts";

/** A policy for each glob on the server's own tool names. */
export type ApprovalRules = Readonly<Record<string, ApprovalPolicy>>;

/** One policy for the whole server is a rule for every name; none is no rule. */
export function resolveApproval(setting: McpServerConfig["approval"]): ApprovalRules {
  if (setting === undefined) return {};
  return typeof setting === "string" ? { "*": setting } : setting;
}

/** The strictest policy whose glob fits; `never` when none does. */
export function policyOf(rules: ApprovalRules, toolName: string): ApprovalPolicy {
  const fitting = Object.entries(rules).filter(([glob]) => matchesGlob(glob, toolName));
  return strictestPolicy(...fitting.map(([, policy]) => policy));
}
