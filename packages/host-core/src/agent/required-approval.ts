import { jobError, needsApproval, strictestPolicy, type JobError, type Tool } from "@millrace/contracts";
import type { Session } from "./session.ts";

type Policies = Pick<Session, "tools" | "request">;

/** Whether a call waits for somebody's word: the strictest of server, tool and job counts. An unknown tool's does. */
export function mustBeApproved({ tools, request }: Policies, tool: Tool | null): boolean {
  const policy = strictestPolicy(tool ? tools.approvalPolicy(tool) : "always", request.approval);
  return needsApproval(policy, tool?.annotations ?? null);
}

/** Why a call that nobody approved may not be sent, after all: its server is another by now, or has other settings. */
export function findMissingApproval(policies: Policies, tool: Tool): JobError | null {
  if (!mustBeApproved(policies, tool)) return null;
  const message = `The call of ${tool.name} did not run, because it needs an approval by now. Call it again to ask for it.`;
  return jobError("approval_denied", message);
}
