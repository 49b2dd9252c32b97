import { z } from "zod";
import { JobError } from "./job-error.ts";
import { JobRequest } from "./tool-job-request.ts";

/** Kinds of work; each has its own queue, so that long jobs never block short ones. */
export const JobType = z.enum(["tool"]);
export type JobType = z.infer<typeof JobType>;

/**
 * `queued → running → completed | failed | cancelled`.
 * From running a job may become `parked`, which holds no slot, and come back.
 */
export const JobStatus = z.enum(["queued", "running", "parked", "completed", "failed", "cancelled"]);
export type JobStatus = z.infer<typeof JobStatus>;

const TERMINAL: ReadonlySet<JobStatus> = new Set(["completed", "failed", "cancelled"]);

export function isTerminal(status: JobStatus): boolean {
  return TERMINAL.has(status);
}

/** One block of a tool's answer, as the MCP server sent it (MCP specification, "Tool Result"). */
export const ContentBlock = z.looseObject({ type: z.string() });
export type ContentBlock = z.infer<typeof ContentBlock>;

/** The `result` of a tool job; kept too when the tool itself reports an error. */
export const ToolJobResult = z
  .object({
    content: z.array(ContentBlock),
    structured_content: z.record(z.string(), z.unknown()).nullable(),
    is_error: z.boolean(),
    execution_time_ms: z.number(),
  })
  .meta({ id: "ToolJobResult" });
export type ToolJobResult = z.infer<typeof ToolJobResult>;

export const Usage = z
  .object({
    input_tokens: z.int(),
    output_tokens: z.int(),
    cache_read_tokens: z.int(),
    cache_write_tokens: z.int(),
    turns: z.int(),
    tool_calls: z.int(),
    cost_usd: z.number(),
  })
  .meta({ id: "Usage" });
export type Usage = z.infer<typeof Usage>;

const instant = z.iso.datetime();

/** A job as every route and the terminal event show it. Absent values are null. */
export const Job = z
  .object({
    id: z.string(),
    type: JobType,
    status: JobStatus,
    created_at: instant,
    started_at: instant.nullable(),
    finished_at: instant.nullable(),
    attempt: z.int().describe("Counts failures and retries only, from 1."),
    worker_id: z.string().nullable(),
    request: JobRequest,
    result: ToolJobResult.nullable(),
    error: JobError.nullable(),
    usage: Usage.nullable(),
    metadata: z.record(z.string(), z.string()),
    batch_id: z.string().nullable(),
    links: z.object({ self: z.string(), events: z.string() }),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

/** The paths of a job, relative to the api's origin. */
export function jobLinks(jobId: string): Job["links"] {
  return { self: `/jobs/${jobId}`, events: `/jobs/${jobId}/events` };
}

export const JobPage = z
  .object({ jobs: z.array(Job), next_cursor: z.string().nullable() })
  .meta({ id: "JobPage" });
export type JobPage = z.infer<typeof JobPage>;
