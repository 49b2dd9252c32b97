import { z } from "zod";
import { ToolArguments } from "./tool-call.ts";

/** Which tool calls wait for somebody's word. A tool without annotations counts as destructive. */
export const ApprovalPolicy = z.enum(["never", "destructive", "always"]);
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>;

/** How long a call waits for its approval; then it is denied. In milliseconds. */
export const APPROVAL_LIFETIME_MS = 86_400_000;

/** The reason of the denial that follows. */
export const APPROVAL_EXPIRED = "nobody decided in time";

export const ApprovalDecision = z.enum(["approve", "deny"]);
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

/** Body of `POST /jobs/{id}/approvals/{tool_call_id}`. */
export const ApprovalRequest = z
  .strictObject({
    decision: ApprovalDecision,
    reason: z
      .string()
      .max(4_096)
      .optional()
      .describe("The reason, which the model is told when the call is denied."),
    arguments: ToolArguments.optional().describe(
      "The call runs with these arguments instead of the model's.",
    ),
  })
  .refine((request) => request.decision === "approve" || request.arguments === undefined, {
    path: ["arguments"],
    message: "only an approved call has arguments",
  })
  .meta({ id: "ApprovalRequest" });
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

const ORDER: readonly ApprovalPolicy[] = ["never", "destructive", "always"];

/** The strictest of several policies; `never` when none is given. */
export function strictestPolicy(...policies: readonly (ApprovalPolicy | undefined)[]): ApprovalPolicy {
  return policies.reduce<ApprovalPolicy>(
    (strictest, policy) =>
      policy !== undefined && ORDER.indexOf(policy) > ORDER.indexOf(strictest) ? policy : strictest,
    "never",
  );
}

/** Whether a call waits for its approval. Source of the hints: MCP specification, "ToolAnnotations". */
export function needsApproval(
  policy: ApprovalPolicy,
  annotations: Readonly<Record<string, unknown>> | null,
): boolean {
  if (policy !== "destructive") return policy === "always";
  return annotations?.["readOnlyHint"] !== true && annotations?.["destructiveHint"] !== false;
}
