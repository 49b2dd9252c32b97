import { z } from "zod";
import { Usage } from "./usage.ts";
import { ChatJobRequest } from "./chat-job-request.ts";
import { AssistantMessage } from "./conversation.ts";
import { JobError } from "./job-error.ts";
import { ContentBlock } from "./tool-call.ts";
import { ToolJobRequest } from "./tool-job-request.ts";

/**
 * `queued → running → completed | failed | cancelled`.
 * From running a job may become `parked`, which holds no slot, and come back, or `queued` again for its next attempt.
 * One that waits may fail or be cancelled. One that has failed or was cancelled is `queued` again when it is retried.
 */
export const JobStatus = z.enum(["queued", "running", "parked", "completed", "failed", "cancelled"]);
export type JobStatus = z.infer<typeof JobStatus>;

/** How a job can end. */
export const TERMINAL_STATUSES = ["completed", "failed", "cancelled"] as const satisfies readonly JobStatus[];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

const TERMINAL: ReadonlySet<JobStatus> = new Set(TERMINAL_STATUSES);

export function isTerminal(status: JobStatus): status is TerminalStatus {
  return TERMINAL.has(status);
}

/** The `result` of a tool job; kept too when the tool itself reports an error. */
export const ToolJobResult = z
  .object({
    content: z.array(ContentBlock),
    structured_content: z.record(z.string(), z.unknown()).nullable(),
    structured_content_errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe("Present only when `structured_content` does not fit the tool's output schema."),
    is_error: z.boolean(),
    execution_time_ms: z.number(),
  })
  .meta({ id: "ToolJobResult" });
export type ToolJobResult = z.infer<typeof ToolJobResult>;

/** Why a model stopped in its last turn, or what stopped the loop of turns. */
export const StopReason = z.enum([
  "end_turn",
  "max_tokens",
  "max_tool_iterations",
  "budget_exhausted",
  "refusal",
]);
export type StopReason = z.infer<typeof StopReason>;

/** The `result` of a chat job. */
export const ChatJobResult = z
  .object({
    message: AssistantMessage.describe("What the model said last."),
    text: z.string().describe("The text of `message`."),
    stop_reason: StopReason,
  })
  .meta({ id: "ChatJobResult" });
export type ChatJobResult = z.infer<typeof ChatJobResult>;

export type JobResult = ToolJobResult | ChatJobResult;

const stoppedCall = z.object({ tool_call_id: z.string(), tool: z.string() });

/** What a cancel found: the proof that nothing goes on unseen. */
export const Cancellation = z
  .object({
    completed: z.array(stoppedCall).describe("Tool calls that had returned."),
    stopped: z.array(stoppedCall).describe("Tool calls that were told to stop and have been silent since."),
    ignored: z
      .array(stoppedCall)
      .describe(
        "Tool calls that were told to stop and went on or did not react; and calls under way when their worker died, whose outcome nobody knows.",
      ),
    model_stopped: z.boolean().describe("Whether a model's answer was cut off."),
  })
  .meta({ id: "Cancellation" });
export type Cancellation = z.infer<typeof Cancellation>;

const instant = z.iso.datetime();

const jobFields = {
  id: z.string(),
  status: JobStatus,
  created_at: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  attempt: z.int().describe("Counted from 1; only failures and retries raise it."),
  worker_id: z.string().nullable(),
  error: JobError.nullable(),
  usage: Usage.nullable(),
  cancellation: Cancellation.nullable(),
  metadata: z.record(z.string(), z.string()),
  batch_id: z.string().nullable(),
  links: z.object({ self: z.string(), events: z.string() }),
};

export const ToolJob = z
  .object({
    type: z.literal("tool"),
    ...jobFields,
    request: ToolJobRequest,
    result: ToolJobResult.nullable(),
  })
  .meta({ id: "ToolJob" });
export type ToolJob = z.infer<typeof ToolJob>;

export const ChatJob = z
  .object({
    type: z.literal("chat"),
    ...jobFields,
    request: ChatJobRequest,
    result: ChatJobResult.nullable(),
  })
  .meta({ id: "ChatJob" });
export type ChatJob = z.infer<typeof ChatJob>;

/** A job as every route and the terminal event show it. Absent values are null. */
export const Job = z.discriminatedUnion("type", [ToolJob, ChatJob]).meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

/** The paths of a job, relative to the api's origin. */
export function jobLinks(jobId: string): Job["links"] {
  return { self: `/jobs/${jobId}`, events: `/jobs/${jobId}/events` };
}

export const JobPage = z
  .object({ jobs: z.array(Job), next_cursor: z.string().nullable() })
  .meta({ id: "JobPage" });
export type JobPage = z.infer<typeof JobPage>;
