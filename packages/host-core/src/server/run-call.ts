import {
  checkStructuredContent,
  jobError,
  JSON_DEPTH_MAX,
  RESULT_BYTES_MAX,
  type JobError,
  type ToolJobResult,
} from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import {
  AnswerTooLargeError,
  ConnectionLostError,
  NeedsAuthError,
  QuestionRefusedError,
  RequestRejectedError,
  ServerBusyError,
  type McpConnection,
  type ServerToolResult,
  type ToolProgress,
} from "../connection/connection.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { Sampler } from "../connection/questions/sampling.ts";
import { shorten } from "../shorten.ts";
import { CallLimit, TIMED_OUT } from "./call-limit.ts";
import { judgeSize } from "./result-size.ts";

/**
 * What became of a call. Expected failures are data. A tool that answers `isError` has done its work:
 * `ok` is true and `result.is_error` says so; what that means is the caller's to decide.
 */
export type ToolCallOutcome =
  | { ok: true; result: ToolJobResult }
  | {
      ok: false;
      error: JobError;
      /** It was sent, and its server died before it answered: nobody knows whether it has happened. */
      isAnswerLost?: boolean;
    };

/**
 * Called when the caller's signal aborts a call that has been sent to its server, before that call rejects.
 * `stopped` says whether the server gave in; it never rejects, and settles within 5 s. The rules are on `StopProof`.
 * Not called for a call that still waits, nor when the server's `tool_timeout` ends it.
 */
export type StopListener = (stopped: Promise<boolean>) => void;

/** The call cannot be sent yet: its server is not connected, or has no place free. */
export type WaitListener = (reason: "server" | "place") => void;

export interface ToolCall {
  toolName: string;
  arguments: Record<string, unknown>;
  /** What the result's structured content is checked against. */
  outputSchema?: Readonly<Record<string, unknown>> | null | undefined;
  /** Calls of the same one take turns with those of others. Default: this call is alone. */
  caller?: object | undefined;
  /** Asked right before the call is sent: why it may not be, after all. Its server's tools may have changed. */
  findRefusal?: (() => JobError | null) | undefined;
  signal: AbortSignal;
  traceparent?: string | undefined;
  sample?: Sampler | undefined;
  onProgress?: ((progress: ToolProgress) => void) | undefined;
  onWaiting?: WaitListener | undefined;
  /** Its turn has come: it is sent once this has resolved. */
  onRunning?: (() => Promise<void> | void) | undefined;
  onStopping?: StopListener | undefined;
}

export interface CallEnvironment {
  settings: ServerSettings;
  connection: Pick<McpConnection, "callTool">;
  clock: Clock;
  /** Hides the server's secrets in a text that comes from it. */
  redact: (text: string) => string;
  /** The error of a call whose answer will not come. */
  describeLoss: (reason: string) => JobError;
}

/** Servers read a line of 10 MB at most, and close the connection, for every job that shares it, at a longer one. */
const STDIO_ARGUMENT_BYTES_MAX = 8 * 1_024 * 1_024;

function findOversize({ name, transport }: ServerSettings, call: ToolCall): JobError | null {
  if (transport.type !== "stdio") return null;
  const size = judgeSize(call.arguments, STDIO_ARGUMENT_BYTES_MAX);
  if (size.is !== "too_large") return null;
  const message = `The arguments have ${size.bytes} bytes; a stdio server such as "${name}" takes ${STDIO_ARGUMENT_BYTES_MAX} at most. Pass a path or a URL instead.`;
  return jobError("invalid_arguments", message);
}

/**
 * Runs one call, bounded by the server's `toolTimeoutMs` (`CallLimit`) from now on. Rejects only when `call.signal`
 * aborts.
 */
export async function runCall(environment: CallEnvironment, call: ToolCall): Promise<ToolCallOutcome> {
  const { connection, settings, clock } = environment;
  const { signal, onProgress, onStopping, sample } = call;
  signal.throwIfAborted();
  const refusal = call.findRefusal?.() ?? findOversize(settings, call);
  if (refusal) return { ok: false, error: refusal };
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const limit = new CallLimit(settings.toolTimeoutMs, clock, () => controller.abort(TIMED_OUT));
  try {
    const answer = await connection.callTool(call.toolName, call.arguments, {
      signal: controller.signal,
      traceparent: call.traceparent,
      silenceMs: settings.toolTimeoutMs,
      sample: sample && ((request, ends) => limit.whileAnswering(() => sample(request, ends))),
      onProgress: (progress) => {
        limit.prolong();
        onProgress?.(progress);
      },
      // A timeout needs no proof: nobody waits for it.
      onAborted: onStopping && ((watch) => signal.aborted && onStopping(watch())),
    });
    const { content, structuredContent, isError } = answer;
    const result: ToolJobResult = {
      content,
      structured_content: structuredContent,
      ...findMisfits(call, answer),
      is_error: isError,
      execution_time_ms: Math.round(limit.elapsedMs * 1_000) / 1_000,
    };
    return checkSize(environment, call, result);
  } catch (error) {
    signal.throwIfAborted();
    const isAnswerLost = error instanceof ConnectionLostError && !(error instanceof NeedsAuthError);
    return { ok: false, error: describeFailure(environment, call, error, limit), isAnswerLost };
  } finally {
    limit.stop();
    signal.removeEventListener("abort", onAbort);
  }
}

function checkSize({ settings }: CallEnvironment, call: ToolCall, result: ToolJobResult): ToolCallOutcome {
  const limit = settings.resultLimitBytes;
  const verdict = judgeSize(result, limit);
  if (verdict.is === "fine") return { ok: true, result };
  const subject = `Tool "${call.toolName}" of server "${settings.name}"`;
  if (verdict.is === "too_deep") {
    const message = `${subject} returned a value that nests deeper than ${JSON_DEPTH_MAX} levels.`;
    return { ok: false, error: jobError("result_too_large", message) };
  }
  const raise = limit < RESULT_BYTES_MAX ? `, or raise the server's "result_limit_bytes"` : "";
  const message = `${subject} returned ${verdict.bytes} bytes; the limit is ${limit}. Ask it for less, such as a page or a filter${raise}.`;
  return { ok: false, error: jobError("result_too_large", message) };
}

/**
 * Content that does not fit the tool's schema fails no call: the tool has done its work, and may have left its mark,
 * so the result is kept and says where it is wrong. A tool that reports an error need not return any.
 */
function findMisfits(
  { outputSchema }: ToolCall,
  { structuredContent, isError, misfits }: ServerToolResult,
): Pick<ToolJobResult, "structured_content_errors"> {
  if (misfits.length > 0) return { structured_content_errors: [...misfits] };
  if (!outputSchema || isError) return {};
  const errors = checkStructuredContent(outputSchema, structuredContent);
  return errors.length > 0 ? { structured_content_errors: errors } : {};
}

function describeFailure(
  { settings, redact, describeLoss }: CallEnvironment,
  call: ToolCall,
  error: unknown,
  limit: CallLimit,
): JobError {
  const subject = `Tool "${call.toolName}" of server "${settings.name}"`;
  if (error === TIMED_OUT) {
    const seconds = settings.toolTimeoutMs / 1_000;
    const took = limit.isAbsolute
      ? `reported progress for ${Math.floor(limit.elapsedMs / 1_000)} s and did not end`
      : `took longer than ${seconds} s`;
    return jobError("tool_timeout", `${subject} ${took}; raise the server's "tool_timeout" if it may.`);
  }
  if (!(error instanceof Error)) throw error;
  const reason = shorten(error.message, { redact });
  if (error instanceof AnswerTooLargeError) {
    const message = `${subject} was called, and its result cannot be read: ${reason}. Ask it for less, such as a page or a filter.`;
    return jobError("result_too_large", message);
  }
  if (error instanceof ServerBusyError) {
    const message = `${subject} was not called, because its server has too much to do: ${reason}`;
    return jobError("server_unavailable", message);
  }
  if (error instanceof RequestRejectedError) {
    const what =
      error instanceof QuestionRefusedError ? "asked for what it does not get" : "was refused by its server";
    return jobError("call_rejected", `${subject} ${what}: ${reason}`);
  }
  if (error instanceof ConnectionLostError) return describeLoss(error.message);
  throw error;
}
