import {
  APPROVAL_EXPIRED,
  APPROVAL_LIFETIME_MS,
  checkToolArguments,
  jobError,
  needsApproval,
  strictestPolicy,
  TOOL_JOB_CALL_ID,
  type JobError,
  type JobStep,
  type Tool,
  type ToolJobRequest,
  type ToolResolution,
} from "@millrace/contracts";
import type { ToolCallOutcome } from "@millrace/host-core";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import type { JobTools } from "./job-tools.ts";

/** The call may not run now: how the run ends. */
interface Refusal {
  granted: false;
  ending: ExecutionResult;
}

/** Whether the call may run now, with which arguments, and whether somebody has said so. */
type Permission = { granted: true; isApproved: boolean; arguments: Record<string, unknown> } | Refusal;

/** What the call is to be made with. */
interface PermittedCall {
  arguments: Record<string, unknown>;
  findRefusal: (tool: Tool) => JobError | null;
}

export interface GuardedCall {
  tools: Pick<JobTools, "approvalPolicy">;
  request: ToolJobRequest;
  target: ToolResolution;
  execution: JobExecution;
  call: (permitted: PermittedCall) => Promise<ToolCallOutcome>;
}

/**
 * Makes a tool job's call, once it is approved where server, tool or job want that. It may have to wait for a server
 * that is another by then, or has other settings: so it is judged once more right before it is sent.
 */
export async function callWithPermission(guarded: GuardedCall): Promise<ToolCallOutcome | Refusal> {
  const { request, execution, call } = guarded;
  let permission = await requirePermission(guarded);
  while (permission.granted) {
    const { isApproved } = permission;
    const unapproved: Tool[] = [];
    const findRefusal = (tool: Tool): JobError | null => {
      if (isApproved || !mustBeApproved(guarded, tool)) return null;
      unapproved.push(tool);
      return jobError("approval_denied", `The call of ${tool.name} needs an approval.`);
    };
    const outcome = await call({ arguments: permission.arguments, findRefusal });
    const [tool] = unapproved;
    if (!tool) return outcome;
    permission = await askOrReadDecision(request, tool, execution);
  }
  return permission;
}

/**
 * Whether no earlier start can have made the call: it could not without an approval, and nobody has given one. That
 * the tool wants one now says nothing of earlier starts.
 */
export async function wasNeverAllowed(
  request: ToolJobRequest,
  { readPast }: Pick<JobExecution, "readPast">,
): Promise<boolean> {
  const past = await readPast();
  const neededOne = request.approval === "always" || past.some(isRequest);
  return neededOne && !past.some((step) => isDecision(step) && step.decision === "approve");
}

function mustBeApproved({ tools, request }: GuardedCall, tool: Tool): boolean {
  return needsApproval(strictestPolicy(tools.approvalPolicy(tool), request.approval), tool.annotations);
}

async function requirePermission(guarded: GuardedCall): Promise<Permission> {
  const { request, target, execution } = guarded;
  const granted: Permission = { granted: true, isApproved: false, arguments: request.arguments };
  // What cannot run is refused by the call itself, with its own error.
  if (!target.ok || !target.tool) return granted;
  const { tool } = target;
  if (!mustBeApproved(guarded, tool)) return granted;
  if (checkToolArguments(tool.parameters, request.arguments).length > 0) return granted;
  return await askOrReadDecision(request, tool, execution);
}

async function askOrReadDecision(
  request: ToolJobRequest,
  tool: Tool,
  { readPast, write }: JobExecution,
): Promise<Permission> {
  const call = { tool_call_id: TOOL_JOB_CALL_ID, tool: tool.name };
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
    return { granted: true, isApproved: true, arguments: decision.arguments ?? request.arguments };
  }
  if (decision) return denied(tool, decision.reason);
  if (now < until) return { granted: false, ending: { status: "parked", reason: "approval", until } };
  const decided = { decision: "deny", reason: APPROVAL_EXPIRED, arguments: null } as const;
  await write([{ type: "approval.resolved", ...call, ...decided }]);
  return denied(tool, APPROVAL_EXPIRED);
}

function denied({ name }: Tool, reason: string | null): Permission {
  const message =
    reason === APPROVAL_EXPIRED
      ? `Nobody decided in time, so the call of ${name} was denied.`
      : `The call of ${name} was denied${reason === null ? "" : `: ${reason}`}.`;
  const error = jobError("approval_denied", message);
  return { granted: false, ending: { status: "failed", error, result: null } };
}

function isRequest(step: JobStep): step is Extract<JobStep, { type: "approval.requested" }> {
  return step.type === "approval.requested";
}

function isDecision(step: JobStep): step is Extract<JobStep, { type: "approval.resolved" }> {
  return step.type === "approval.resolved";
}
