import {
  APPROVAL_LIFETIME_MS,
  checkToolArguments,
  jobError,
  needsApproval,
  strictestPolicy,
  type JobStep,
  type Tool,
  type ToolJobRequest,
  type ToolResolution,
} from "@millrace/contracts";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import type { JobTools } from "./job-tools.ts";

/** A tool job has one call. */
export const TOOL_CALL_ID = "call_1";

/** Whether the call may run now, and with which arguments; otherwise how the run ends. */
export type Permission =
  | { granted: true; arguments: Record<string, unknown> }
  | { granted: false; ending: ExecutionResult };

/** Asks for the approval of a tool job's call where server, tool or job want one. */
export async function requirePermission(
  tools: Pick<JobTools, "approvalPolicy">,
  request: ToolJobRequest,
  target: ToolResolution,
  execution: JobExecution,
): Promise<Permission> {
  const granted: Permission = { granted: true, arguments: request.arguments };
  // What cannot run is refused by the call itself, with its own error.
  if (!target.ok || !target.tool) return granted;
  const { tool } = target;
  const policy = strictestPolicy(tools.approvalPolicy(tool), request.approval);
  if (!needsApproval(policy, tool.annotations)) return granted;
  if (checkToolArguments(tool.parameters, request.arguments).length > 0) return granted;
  return await askOrReadDecision(request, tool, execution);
}

async function askOrReadDecision(
  request: ToolJobRequest,
  tool: Tool,
  { readPast, write }: JobExecution,
): Promise<Permission> {
  const call = { tool_call_id: TOOL_CALL_ID, tool: tool.name };
  const past = await readPast();
  const requested = past.find(isRequest);
  const now = Date.now();
  const until = requested ? Date.parse(requested.expires_at) : now + APPROVAL_LIFETIME_MS;
  if (!requested) {
    const expires_at = new Date(until).toISOString();
    await write([{ type: "approval.requested", ...call, arguments: request.arguments, expires_at }]);
  }
  const decision = past.find(isDecision);
  if (decision?.decision === "approve") {
    return { granted: true, arguments: decision.arguments ?? request.arguments };
  }
  if (decision) return denied(tool, decision.reason);
  if (now < until) return { granted: false, ending: { status: "parked", reason: "approval", until } };
  const reason = "nobody decided in time";
  await write([{ type: "approval.resolved", ...call, decision: "deny", reason, arguments: null }]);
  return denied(tool, reason);
}

function denied({ name }: Tool, reason: string | null): Permission {
  const message = `The call of ${name} was denied${reason === null ? "" : `: ${reason}`}.`;
  const error = jobError("approval_denied", message);
  return { granted: false, ending: { status: "failed", error, result: null } };
}

function isRequest(step: JobStep): step is Extract<JobStep, { type: "approval.requested" }> {
  return step.type === "approval.requested";
}

function isDecision(step: JobStep): step is Extract<JobStep, { type: "approval.resolved" }> {
  return step.type === "approval.resolved";
}
