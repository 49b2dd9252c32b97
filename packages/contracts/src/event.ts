import { z } from "zod";
import { ApprovalDecision } from "./approval.ts";
import { AssistantMessage } from "./conversation.ts";
import { Job, ToolJobResult } from "./job.ts";
import { TurnUsage } from "./usage.ts";
import { JobError } from "./job-error.ts";
import { JobRequest } from "./job-request.ts";
import { RetryFrom } from "./job-retry.ts";

/** `id` is the event's place in its job's log: 1, 2, 3 … without gaps. */
const common = {
  id: z.int().min(1),
  time: z.iso.datetime(),
  attempt: z.int(),
};

const event = <Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) =>
  z.object({ type: z.literal(type), ...common, ...fields });

const turn = z.int().min(1).describe("The number of the model's turn, from 1.");
const worker_id = z.string();
const toolCall = {
  tool_call_id: z.string(),
  tool: z.string().describe("The unified name, `server__tool`."),
};
const toolArguments = z.record(z.string(), z.unknown());
const terminal = { job: Job.describe("The job as it ended.") };

export const TurnStopReason = z.enum(["end_turn", "tool_use", "max_tokens", "refusal"]);
export type TurnStopReason = z.infer<typeof TurnStopReason>;

export const ParkReason = z.enum(["approval", "cool_down"]);
export type ParkReason = z.infer<typeof ParkReason>;

export const WarningCode = z.enum(["no_tools", "tools_left_out", "no_price", "model_retry"]);
export type WarningCode = z.infer<typeof WarningCode>;

/** One flat object for each step of a job. A terminal event is the last of every log. */
export const JobEvent = z
  .discriminatedUnion("type", [
    event("job.queued", {
      request: JobRequest,
      batch_id: z.string().optional().describe("Only for a job that is a line of a batch."),
    }),
    event("job.started", { worker_id }),
    event("job.parked", {
      reason: ParkReason,
      until: z.iso.datetime().describe("The job goes on at this time at the latest."),
    }),
    event("job.resumed", { worker_id }),
    event("job.retrying", {
      delay_ms: z
        .number()
        .describe("How long the job waits before the next attempt, whose number this event has."),
      error: JobError.describe("Why the attempt before failed."),
    }),
    event("job.reopened", {
      from: RetryFrom.describe("`start`: what comes before this event no longer counts."),
    }),
    event("job.warning", { code: WarningCode, message: z.string() }),
    event("turn.started", { turn, model: z.string().describe("The model's alias.") }),
    event("thinking.delta", { turn, text: z.string() }),
    event("text.delta", { turn, text: z.string() }),
    event("turn.finished", {
      turn,
      stop_reason: TurnStopReason,
      usage: TurnUsage,
      message: AssistantMessage,
    }),
    event("turn.discarded", { turn, reason: z.string() }),
    event("approval.requested", { ...toolCall, arguments: toolArguments, expires_at: z.iso.datetime() }),
    event("approval.resolved", {
      ...toolCall,
      decision: ApprovalDecision,
      reason: z.string().nullable(),
      arguments: toolArguments
        .nullable()
        .describe("The arguments that the call runs with, when they were changed."),
    }),
    event("tool.called", { ...toolCall, arguments: toolArguments }),
    event("tool.postponed", toolCall),
    event("tool.progress", {
      ...toolCall,
      progress: z.number(),
      total: z.number().nullable(),
      message: z.string().nullable(),
    }),
    event("tool.sampled", {
      ...toolCall,
      model: z.string().describe("The model's alias."),
      usage: TurnUsage,
    }),
    event("tool.returned", {
      ...toolCall,
      result: ToolJobResult.pick({
        content: true,
        structured_content: true,
        structured_content_errors: true,
      }),
      is_error: z.boolean(),
      error: JobError.nullable().describe("Why there is no answer from the tool itself."),
      execution_time_ms: z.number().nullable().describe("Null when the call did not run."),
    }),
    event("job.completed", terminal),
    event("job.failed", terminal),
    event("job.cancelled", terminal),
  ])
  .meta({ id: "JobEvent" });
export type JobEvent = z.infer<typeof JobEvent>;
export type JobEventType = JobEvent["type"];

type StepEvent = Exclude<JobEvent, { type: `job.${"queued" | "completed" | "failed" | "cancelled"}` }>;
type WithoutCommon<Event> = Event extends unknown ? Omit<Event, keyof typeof common> : never;

/** An event between a job's first and last, before it has its place, its time and its attempt. */
export type JobStep = WithoutCommon<StepEvent>;

const TERMINAL_TYPES: ReadonlySet<string> = new Set<JobEventType>([
  "job.completed",
  "job.failed",
  "job.cancelled",
]);

export function isTerminalEvent(type: string): boolean {
  return TERMINAL_TYPES.has(type);
}

export const JobEventPage = z
  .object({ events: z.array(JobEvent), next_cursor: z.string().nullable() })
  .meta({ id: "JobEventPage" });
export type JobEventPage = z.infer<typeof JobEventPage>;
