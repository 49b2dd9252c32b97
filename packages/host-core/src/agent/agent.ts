import type {
  ApprovalPolicy,
  Cancellation,
  ChatJobRequest,
  ChatJobResult,
  ConversationMessage,
  JobError,
  JobStep,
  ParkReason,
  Tool,
  Usage,
} from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { ToolCallRequest } from "../tool-call-request.ts";
import type { Model } from "../model/model.ts";
import type { ToolCallOutcome } from "../server/run-call.ts";

/** The tools as the loop sees them; a `Host` is one. */
export interface AgentTools {
  /** The tools of all connected servers, in an order that does not change with time. */
  tools(): Tool[];
  /** Resolves once none of these servers, or of all, is in its first attempt to connect; rejects when it aborts. */
  whenSettled(servers: readonly string[] | undefined, signal: AbortSignal): Promise<void>;
  callTool(request: ToolCallRequest): Promise<ToolCallOutcome>;
  /** What the configuration says of a tool. */
  approvalPolicy(tool: Tool): ApprovalPolicy;
}

/** The cool-down of each provider, shared by the fleet. Times are milliseconds since 1970. */
export interface CoolDowns {
  /** When the provider may be asked again; null when it may be now. */
  until(provider: string): Promise<number | null>;
  /** Nobody asks the provider before that time. */
  begin(provider: string, until: number): Promise<void>;
}

export interface AgentDependencies {
  readonly model: Model;
  readonly tools: AgentTools;
  readonly coolDowns: CoolDowns;
  readonly clock: Clock;
}

/** One start of a chat job. */
export interface AgentRun {
  readonly request: ChatJobRequest;
  /** The conversation that `previous_job_id` named. */
  readonly previous: readonly ConversationMessage[];
  /** What earlier starts of this job have written, oldest first. */
  readonly past: readonly JobStep[];
  /** Aborts at the job's deadline, when it is cancelled, when it is lost, and when a shutdown has waited for long enough. */
  readonly signal: AbortSignal;
  /** Aborts when a shutdown begins: no further turn is asked for, and nothing waits for a server or a place there. */
  readonly draining?: AbortSignal | undefined;
  /**
   * Writes events to the job's log, all or nothing; resolves once they are stored. Calls keep their order, so one
   * that is not a condition of what comes next need not be awaited. When this start no longer holds the job it
   * rejects and `signal` aborts; it is asked for no steps at all to find that out.
   */
  write(steps: readonly JobStep[]): Promise<void>;
}

/** What became of one start. `stopped`: the signal has aborted, and what was under way has been told. */
export type AgentOutcome =
  | { status: "completed"; result: ChatJobResult; usage: Usage }
  | { status: "failed"; error: JobError; usage: Usage }
  | { status: "parked"; reason: ParkReason; /** Milliseconds since 1970. */ until: number }
  /** Answers `draining`: all that has begun is written down. */
  | { status: "yielded" }
  | { status: "stopped"; usage: Usage; cancellation: Cancellation };
