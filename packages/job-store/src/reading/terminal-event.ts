import type {
  Cancellation,
  ChatJobResult,
  JobError,
  JobResult,
  TerminalStatus,
  ToolJobResult,
  Usage,
} from "@millrace/contracts";

/** The last event of a log as it is stored: the outcome alone, of which readers get the whole job. */
export interface TerminalEvent {
  type: "job.completed" | "job.failed" | "job.cancelled";
  time: string;
  attempt: number;
  /** Milliseconds since 1970; 26 bytes less in every job than the text. */
  started_at?: number;
  worker_id?: string;
  result?: StoredResult;
  error?: JobError;
  usage?: Usage;
  cancellation?: Cancellation;
}

/** How a job ended; `result` is kept beside the error when the tool itself reported one. */
export type JobOutcome = { usage?: Usage } & (
  | { status: "completed"; result: JobResult }
  | { status: "failed"; error: JobError; result: ToolJobResult | null }
  | { status: "cancelled"; cancellation: Cancellation }
);

/** The terminal event of an outcome. `at` is milliseconds since 1970. */
export function terminalEvent(
  outcome: JobOutcome,
  {
    at,
    attempt,
    startedAt,
    workerId,
  }: { at: number; attempt: number; startedAt: number | null; workerId: string | null },
): TerminalEvent {
  return {
    type: `job.${outcome.status}`,
    time: new Date(at).toISOString(),
    attempt,
    ...(startedAt === null ? {} : { started_at: startedAt }),
    ...(workerId === null ? {} : { worker_id: workerId }),
    ...(outcome.status !== "cancelled" && outcome.result ? { result: storedResult(outcome.result) } : {}),
    ...(outcome.status === "failed" ? { error: outcome.error } : {}),
    ...(outcome.usage ? { usage: outcome.usage } : {}),
    ...(outcome.status === "cancelled" ? { cancellation: outcome.cancellation } : {}),
  };
}

/** A tool's result without what most results share; every byte of it counts in each of many finished jobs. */
type StoredToolResult = Pick<ToolJobResult, "content" | "execution_time_ms"> & Partial<ToolJobResult>;
type StoredResult = StoredToolResult | ChatJobResult;

function storedResult(result: JobResult): StoredResult {
  if ("message" in result) return result;
  const { structured_content, is_error, ...always } = result;
  return {
    ...always,
    ...(structured_content === null ? {} : { structured_content }),
    ...(is_error ? { is_error } : {}),
  };
}

/** A result as readers see it. */
export function shownResult(stored: StoredResult): JobResult {
  if ("message" in stored) return stored;
  const { content, execution_time_ms, ...unusual } = stored;
  return { content, structured_content: null, is_error: false, ...unusual, execution_time_ms };
}

const STATUS_OF = {
  "job.completed": "completed",
  "job.failed": "failed",
  "job.cancelled": "cancelled",
} as const satisfies Record<TerminalEvent["type"], TerminalStatus>;

/** The status that a terminal event gives its job. */
export function endedStatus(type: TerminalEvent["type"]): TerminalStatus {
  return STATUS_OF[type];
}
