import {
  jobError,
  toolJobCall,
  type Cancellation,
  type JobError,
  type JobErrorCode,
  type JobStep,
  type ToolJobRequest,
  type ToolJobResult,
} from "@millrace/contracts";
import {
  mayRunAgain,
  ProgressWriter,
  systemClock,
  type StopListener,
  type ToolCallOutcome,
  type ToolCallRequest,
} from "@millrace/host-core";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import type { JobTools } from "./job-tools.ts";
import { callWithPermission, wasNeverAllowed, type GuardedCall } from "./tool-approval.ts";

/**
 * Runs a tool job: one call through the warm host. A tool that answers `isError` fails the job, and its answer is kept.
 *
 * `job.started` is the intent of the call, unless the call has to wait before it can be sent: then the record says so,
 * until right before it is sent. A start that finds an intent of which nothing more is known makes the call again only
 * where that does no harm, and so does one whose server died in the middle of the call.
 */
export async function runToolJob(tools: JobTools, execution: JobExecution): Promise<ExecutionResult> {
  const { request, signal, waiting } = execution;
  if (request.type !== "tool") throw new Error(`The tool queue holds a ${request.type} job`);
  let stopping: Promise<boolean> | null = null;
  let { isUnknown } = execution;
  let mayRepeat = request.on_unknown === "retry";
  try {
    isUnknown &&= !(await wasNeverAllowed(request, execution));
    const { server, tool } = request;
    const target = await tools.resolveTool({ server, tool, signal, onWaiting: waiting });
    // Where nothing had to be waited for, nobody has looked at it.
    signal.throwIfAborted();
    mayRepeat ||= target.ok && mayRunAgain(target.tool?.annotations ?? null);
    if (isUnknown && !mayRepeat) {
      const reason = "The worker that made it died, or shut down before the answer came";
      return withCall(request, outcomeUnknown(reason), isUnknown);
    }
    const onStopping: StopListener = (stopped) => {
      stopping = stopped;
    };
    const onLost = () => {
      isUnknown = true;
      execution.lostAnswer();
    };
    const given = { tools, request, target, execution };
    return withCall(request, await makeCall(given, { mayRepeat, onStopping, onLost }), isUnknown);
  } catch (error) {
    if (!signal.aborted) throw error;
    const isIdle = stopping === null && !isUnknown;
    const cancellation = await cancellationOf(request, { stopping, isUnknown });
    return { status: "stopped", cancellation, isIdle, mustNotRepeat: !isIdle && !mayRepeat };
  }
}

/** Makes the call, and makes it again when its answer was lost and that does no harm. */
async function makeCall(
  given: Omit<GuardedCall, "call"> & { tools: JobTools },
  { mayRepeat, onStopping, onLost }: { mayRepeat: boolean; onStopping: StopListener; onLost: () => void },
): Promise<ExecutionResult> {
  const { tools, request, target, execution } = given;
  const named = toolJobCall(request);
  const tool = target.ok ? (target.tool?.name ?? named.tool) : named.tool;
  // Whoever lost the job hears of it by its signal.
  const write = (...steps: JobStep[]) => void execution.write(steps).catch(() => {});
  const progress = new ProgressWriter({ ...named, tool }, systemClock, write);
  const onProgress: ToolCallRequest["onProgress"] = (report) => progress.add(report);
  const call: GuardedCall["call"] = (permitted) =>
    callTool(tools, execution, request, { ...permitted, onStopping, onProgress });
  try {
    const first = await callWithPermission({ ...given, call });
    if ("ending" in first) return first.ending;
    const wasLost = !first.ok && first.isAnswerLost === true;
    if (wasLost) onLost();
    const last = wasLost && mayRepeat ? await callWithPermission({ ...given, call }) : first;
    if ("ending" in last) return last.ending;
    const unwritten = progress.drain();
    if (unwritten.length > 0) write(...unwritten);
    return toEnding(last, { wasLost, mayRepeat });
  } finally {
    progress.stop();
  }
}

function callTool(
  tools: JobTools,
  { signal, waiting, running }: JobExecution,
  { server, tool }: ToolJobRequest,
  given: Pick<ToolCallRequest, "arguments" | "findRefusal" | "onProgress" | "onStopping">,
): Promise<ToolCallOutcome> {
  return tools.callTool({ server, tool, signal, onWaiting: waiting, onRunning: running, ...given });
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
  return { status: "failed", error: ofThisWorker(call.error), result: null, mustNotRepeat };
}

/** Others may have the server already, as during a deploy that adds it. */
function ofThisWorker(error: JobError): JobError {
  if (error.code !== "unknown_server") return error;
  const message = `${error.message} That is so on this worker; when others have the server, retry the job once all have it.`;
  return jobError(error.code, message);
}

function outcomeUnknown(reason: string): ExecutionResult {
  const message = `Nobody knows whether the call has happened: ${reason}. Find out, and retry the job if it has not; with "on_unknown": "retry" a job calls again by itself.`;
  return { status: "failed", error: jobError("outcome_unknown", message), result: null };
}

/** The call may have happened, or go on. */
const MAY_GO_ON: ReadonlySet<JobErrorCode> = new Set(["tool_timeout", "outcome_unknown"]);

/** Adds what is told of the call should the job be cancelled before this ending is written. */
function withCall(request: ToolJobRequest, ending: ExecutionResult, isUnknown: boolean): ExecutionResult {
  if (ending.status !== "completed" && ending.status !== "failed") return ending;
  const call = toolJobCall(request);
  const code = ending.status === "failed" ? ending.error.code : null;
  const hasRun = ending.result !== null || code === "result_too_large";
  const isOpen = !hasRun && (isUnknown || (code !== null && MAY_GO_ON.has(code)));
  const cancellation = { completed: hasRun ? [call] : [], stopped: [], ignored: isOpen ? [call] : [] };
  return { ...ending, cancellation: { ...cancellation, model_stopped: false } };
}

/**
 * What is known of a call that was told to stop; `stopping` is null when it had not begun. Nobody has proof that one
 * which an earlier start may have begun has stopped.
 */
async function cancellationOf(
  request: ToolJobRequest,
  { stopping, isUnknown }: { stopping: Promise<boolean> | null; isUnknown: boolean },
): Promise<Cancellation> {
  const call = toolJobCall(request);
  const stopped = stopping === null && isUnknown ? false : await stopping;
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
