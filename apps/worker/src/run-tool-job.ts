import { jobError, type ToolJobResult } from "@millrace/contracts";
import type { Host } from "@millrace/host-core";
import type { JobExecution, JobOutcome } from "@millrace/job-store";

/** Runs a tool job: one call through the warm host. A tool that answers `isError` fails the job, and its answer is kept. */
export async function runToolJob(host: Host, execution: JobExecution): Promise<JobOutcome> {
  const { request, signal, waiting, running } = execution;
  const { server, tool, arguments: toolArguments } = request;
  const call = await host.callTool({
    server,
    tool,
    arguments: toolArguments,
    signal,
    onWaiting: waiting,
    onRunning: running,
  });
  if (!call.ok) return { status: "failed", error: call.error, result: null };
  const { result } = call;
  if (!result.is_error) return { status: "completed", result };
  return { status: "failed", error: jobError("tool_error", toolMessage(result)), result };
}

const MESSAGE_LENGTH_MAX = 1_000;

/** What the tool says of its error, for the one line that people read first. */
function toolMessage({ content }: ToolJobResult): string {
  const text = content.map((block) => block["text"]).find((value) => typeof value === "string");
  return text ? text.slice(0, MESSAGE_LENGTH_MAX) : "The tool reported an error without a text.";
}
