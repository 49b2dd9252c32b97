import type { JobError, Tool } from "@millrace/contracts";
import type { ToolProgress } from "./connection/connection.ts";
import type { Sampler } from "./connection/questions/sampling.ts";
import type { StopListener, WaitListener } from "./server/run-call.ts";

/** One call of a tool. */
export interface ToolCallRequest {
  /** May be left out when `tool` alone says which: a unified name, or a name that only one server has. */
  server?: string | undefined;
  tool: string;
  arguments: Record<string, unknown>;
  signal: AbortSignal;
  /** Whose call it is, such as a job: calls of the same one take turns with those of others. Default: it is alone. */
  caller?: object | undefined;
  onProgress?: ((progress: ToolProgress) => void) | undefined;
  /** Called when the call has to wait for its server, or for a place on it. */
  onWaiting?: WaitListener | undefined;
  /** Called right before the call is sent, which waits for it. A rejection rejects the call. */
  onRunning?: (() => Promise<void> | void) | undefined;
  /** Asked right before the call is sent, with the tool as it is by then: why it may not run, after all. */
  findRefusal?: ((tool: Tool) => JobError | null) | undefined;
  /** W3C trace context, put into the call's `_meta` (MCP specification, "Trace context"). */
  traceparent?: string | undefined;
  /** Answers when the tool asks for a model, where the server's `sampling` allows it to; without, it is refused. */
  sample?: Sampler | undefined;
  /** Asks for proof that the server gave in to a cancelling: see `StopListener`. */
  onStopping?: StopListener | undefined;
}

/** As much of a call as says which tool it means. */
export type ToolQuestion = Pick<ToolCallRequest, "server" | "tool" | "signal" | "onWaiting">;
