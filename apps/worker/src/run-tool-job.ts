import { jobError, type Cancellation, type ToolJobRequest, type ToolJobResult } from "@millrace/contracts";
import type { Host } from "@millrace/host-core";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import { requirePermission, TOOL_CALL_ID } from "./tool-approval.ts";

/** Runs a tool job: one call through the warm host. A tool that answers `isError` fails the job, and its answer is kept. */
export async function runToolJob(host: Host, execution: JobExecution): Promise<ExecutionResult> {
  const { request, signal, waiting, running } = execution;
  if (request.type !== "tool") throw new Error(`The tool queue holds a ${request.type} job`);
  const { server, tool } = request;
  let stopping: Promise<boolean> | null = null;
  try {
    const permission = await requirePermission(host, request, execution);
    if (!permission.granted) return permission.ending;
    const call = await host.callTool({
      server,
      tool,
      arguments: permission.arguments,
      signal,
      onWaiting: waiting,
      onRunning: running,
      onStopping: (stopped) => {
        stopping = stopped;
      },
    });
    if (!call.ok) return { status: "failed", error: call.error, result: null };
    const { result } = call;
    if (!result.is_error) return { status: "completed", result };
    return { status: "failed", error: jobError("tool_error", toolMessage(result)), result };
  } catch (error) {
    if (!signal.aborted) throw error;
    return { status: "stopped", cancellation: await cancellationOf(request, stopping) };
  }
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
