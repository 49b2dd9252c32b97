import { DEFAULT_MAX_CRASHES, type ChatJobRequest, type JobStep, type TurnUsage } from "@millrace/contracts";
import { systemClock } from "../../src/clock.ts";
import type { ExecutionResult } from "../../src/run/job-execution.ts";
import { claimRun } from "../../src/run/claim-run.ts";
import type { JobRun } from "../../src/run/job-run.ts";
import { TENANT, type Installation } from "./test-installation.ts";

export const CHAT_REQUEST: ChatJobRequest = { type: "chat", message: "hello" };

const USAGE: TurnUsage = {
  input_tokens: 10,
  output_tokens: 5,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  cost_usd: 0.001,
};

const MESSAGE = { role: "assistant", content: [{ type: "text", text: "done" }] } as const;

export const CHAT_DONE: ExecutionResult = {
  status: "completed",
  result: { message: { ...MESSAGE, content: [...MESSAGE.content] }, text: "done", stop_reason: "end_turn" },
};

/** A turn that asks for these calls; without any, one that says "done". */
export function turnFinished(turn: number, ...callIds: string[]): JobStep {
  const calls = callIds.map((id) => ({ type: "tool_use" as const, id, name: "fixture__echo", input: {} }));
  return {
    type: "turn.finished",
    turn,
    stop_reason: calls.length > 0 ? "tool_use" : "end_turn",
    usage: USAGE,
    message: { role: "assistant", content: calls.length > 0 ? calls : [...MESSAGE.content] },
  };
}

export function toolCalled(id: string): JobStep {
  return { type: "tool.called", tool_call_id: id, tool: "fixture__echo", arguments: {} };
}

export function toolReturned(id: string, text: string): JobStep {
  const result = { content: [{ type: "text", text }], structured_content: null };
  return {
    type: "tool.returned",
    tool_call_id: id,
    tool: "fixture__echo",
    result,
    is_error: false,
    error: null,
    execution_time_ms: 1,
  };
}

export function approvalRequested(id: string, expiresAt = Date.now() + 600_000): JobStep {
  return {
    type: "approval.requested",
    tool_call_id: id,
    tool: "fixture__echo",
    arguments: {},
    expires_at: new Date(expiresAt).toISOString(),
  };
}

export async function submitChat(installation: Installation, request = CHAT_REQUEST): Promise<string> {
  return (await installation.createApi().submit({ tenant: TENANT, request })).id;
}

/** Claims the job as a worker's run does, without the queue; with null, as one to which no request has travelled. */
export async function claimChat(
  { redis, keys }: Installation,
  jobId: string,
  run = 1,
  request: ChatJobRequest | null = CHAT_REQUEST,
  { isHeld = false, generation = 0 } = {},
): Promise<JobRun> {
  const fence = { jobId, generation, run, workerId: `worker_${run}` };
  const claim = await claimRun(
    fence,
    { request: request ?? undefined, isHeld },
    { redis, keys, clock: systemClock, maxCrashes: DEFAULT_MAX_CRASHES },
  );
  if (claim.outcome !== "claimed") throw new Error(`not claimed: ${claim.outcome}`);
  return claim.run;
}
