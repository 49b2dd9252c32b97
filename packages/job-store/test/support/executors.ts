import { once } from "node:events";
import type { Cancellation } from "@millrace/contracts";
import type { Execute, ExecutionResult } from "../../src/run/job-execution.ts";
import type { ApprovalAnswer } from "../../src/control/job-control.ts";
import type { JobStore } from "../../src/job-store.ts";
import { approvalRequested, CHAT_DONE } from "./chat-jobs.ts";
import { TENANT } from "./test-installation.ts";

/** Far enough that no test sees it pass. */
export const FAR_MS = 600_000;

export const NOTHING: Cancellation = { completed: [], stopped: [], ignored: [], model_stopped: false };
export const STOPPED: Cancellation = {
  ...NOTHING,
  stopped: [{ tool_call_id: "c1", tool: "fixture__echo" }],
};

/** Runs until it is told to stop. */
export const untilStopped: Execute = async ({ signal }) => {
  if (!signal.aborted) await once(signal, "abort");
  return { status: "stopped", cancellation: STOPPED };
};

export const forApproval = (): ExecutionResult => ({
  status: "parked",
  reason: "approval",
  until: Date.now() + FAR_MS,
});

/** Asks for an approval at its first start and is done at the next. */
export const askOnce: Execute = async ({ readPast, write }) => {
  if ((await readPast()).length > 0) return CHAT_DONE;
  await write([approvalRequested("c1")]);
  return forApproval();
};

export function approve(store: JobStore, jobId: string, call = "c1"): Promise<ApprovalAnswer | null> {
  return store.decideApproval(TENANT, jobId, call, { decision: "approve" });
}
