import { jobError, type Cancellation, type ToolJobRequest, type ToolJobResult } from "@millrace/contracts";
import { mayRunAgain, type StopListener, type ToolCallOutcome } from "@millrace/host-core";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import type { JobTools } from "./job-tools.ts";
import { requirePermission, TOOL_CALL_ID } from "./tool-approval.ts";

/**
 * Runs a tool job: one call through the warm host. A tool that answers `isError` fails the job, and its answer is kept.
 *
 * `job.started` is the intent of the call, unless the call has to wait before it can be sent: then the record says so,
 * until right before it is sent. A start that finds an intent of which nothing more is known makes the call again only
 * where that does no harm, and so does one whose server died in the middle of the call.
 */
export async function runToolJob(tools: JobTools, execution: JobExecution): Promise<ExecutionResult> {
  const { request, signal, isUnknown, waiting } = execution;
  if (request.type !== "tool") throw new Error(`The tool queue holds a ${request.type} job`);
  let stopping: Promise<boolean> | null = null;
  let mayRepeat = request.on_unknown === "retry";
  try {
    const { server, tool } = request;
    const target = await tools.resolveTool({ server, tool, signal, onWaiting: waiting });
    mayRepeat ||= target.ok && mayRunAgain(target.tool?.annotations ?? null);
    if (isUnknown && !mayRepeat) return outcomeUnknown("The worker that made it died");
    const permission = await requirePermission(tools, request, target, execution);
    if (!permission.granted) return permission.ending;
    const call = (): Promise<ToolCallOutcome> =>
      callTool(tools, execution, request, permission.arguments, (stopped) => {
        stopping = stopped;
      });
    const first = await call();
    const wasLost = !first.ok && first.isAnswerLost === true;
    const last = wasLost && mayRepeat ? await call() : first;
    return toEnding(last, { wasLost, mayRepeat });
  } catch (error) {
    if (!signal.aborted) throw error;
    const isIdle = stopping === null && !isUnknown;
    const cancellation = await cancellationOf(request, stopping);
    return { status: "stopped", cancellation, isIdle, mustNotRepeat: !isIdle && !mayRepeat };
  }
}

function callTool(
  tools: JobTools,
  { signal, waiting, running }: JobExecution,
  { server, tool }: ToolJobRequest,
  toolArguments: Record<string, unknown>,
  onStopping: StopListener,
): Promise<ToolCallOutcome> {
  const listeners = { onWaiting: waiting, onRunning: running, onStopping };
  return tools.callTool({ server, tool, arguments: toolArguments, signal, ...listeners });
}

function toEnding(
  call: ToolCallOutcome,
  { wasLost, mayRepeat }: { wasLost: boolean; mayRepeat: boolean },
): ExecutionResult {
  if (call.ok) {
    const { result } = call;
    if (!result.is_error) return { status: "completed", result };
    return { status: "failed", error: jobError("tool_error", toolMessage(result)), result };
  }
  if (wasLost && !mayRepeat) return outcomeUnknown(call.error.message);
  // What took too long may have happened all the same.
  const mustNotRepeat = call.error.code === "tool_timeout" && !mayRepeat;
  return { status: "failed", error: call.error, result: null, mustNotRepeat };
}

function outcomeUnknown(reason: string): ExecutionResult {
  const message = `Nobody knows whether the call has happened: ${reason}. Find out, and retry the job if it has not; with "on_unknown": "retry" a job calls again by itself.`;
  return { status: "failed", error: jobError("outcome_unknown", message), result: null };
}

/** What is known of a call that was told to stop; null when it had not begun. */
async function cancellationOf(
  { server, tool }: ToolJobRequest,
  stopping: Promise<boolean> | null,
): Promise<Cancellation> {
  const call = { tool_call_id: TOOL_CALL_ID, tool: server === undefined ? tool : `${server}__${tool}` };
  const stopped = await stopping;
  return {
    completed: [],
    stopped: stopped === true ? [call] : [],
    ignored: stopped === false ? [call] : [],
    model_stopped: false,
  };
}

const MESSAGE_LENGTH_MAX = 1_000;

/** What the tool says of its error, for the one line that people read first. */
function toolMessage({ content }: ToolJobResult): string {
  const text = content.map((block) => block["text"]).find((value) => typeof value === "string");
  return text ? text.slice(0, MESSAGE_LENGTH_MAX) : "The tool reported an error without a text.";
}
