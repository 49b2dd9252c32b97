import { z } from "zod";
import { JobError } from "./job-error.ts";
import { ChatJobResult, ToolJobResult } from "./job.ts";
import { jobOptions } from "./job-options.ts";
import { ProblemDetailError } from "./problem.ts";

/** Lines of one batch at most: what is kept of each while its batch lives would else be without a bound. */
export const BATCH_LINES_MAX = 10_000_000;
/** How many of the refused lines are told in full. */
export const BATCH_REJECTIONS_MAX = 1_000;

const CUSTOM_ID_BYTES_MAX = 64;
const utf8 = new TextEncoder();

/** Your own name of a line, beside its job's fields. Returned with its result, never interpreted. */
export const CustomId = z
  .string()
  .min(1)
  .refine(
    (text) => text.length <= CUSTOM_ID_BYTES_MAX && utf8.encode(text).length <= CUSTOM_ID_BYTES_MAX,
    `must be at most ${CUSTOM_ID_BYTES_MAX} bytes of UTF-8`,
  )
  .refine((text) => text.isWellFormed(), "must be whole Unicode characters: half a surrogate pair is none");

/** What holds for the whole batch, given as query. The last three are for lines that do not say it themselves. */
export const BatchOptions = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe("How many of the batch's tool jobs, and of its chat jobs, may be under way at once."),
    priority: jobOptions.priority,
    timeout_ms: jobOptions.timeout_ms,
    retention_seconds: jobOptions.retention_seconds,
  })
  .meta({ id: "BatchOptions" });
export type BatchOptions = z.infer<typeof BatchOptions>;

/** `running` until no upload is under way and all of its jobs have ended. */
export const BatchStatus = z.enum(["running", "completed", "cancelled"]);
export type BatchStatus = z.infer<typeof BatchStatus>;

/** `cut`: the upload broke off. Under its `Idempotency-Key` it can be sent again, and goes on. */
export const BatchUploadState = z.enum(["receiving", "complete", "cut"]);
export type BatchUploadState = z.infer<typeof BatchUploadState>;

/** A line that made no job. */
export const BatchRejection = z
  .object({
    line: z.int().min(1).describe("Counted from 1; empty lines count."),
    custom_id: z.string().nullable(),
    code: z
      .string()
      .describe("The `code` that POST /jobs would answer with, or one that only a line can have."),
    message: z.string().describe("What is wrong and how to cure it."),
    errors: z.array(ProblemDetailError).optional().describe("What is wrong, and where in the line."),
  })
  .meta({ id: "BatchRejection" });
export type BatchRejection = z.infer<typeof BatchRejection>;

const instant = z.iso.datetime();

const progressFields = {
  id: z.string(),
  status: BatchStatus,
  upload: BatchUploadState,
  created_at: instant,
  finished_at: instant.nullable(),
  lines: z.int().describe("The number of the last line that was read. Empty lines count."),
  accepted: z.int().describe("Lines that made a job."),
  rejected: z
    .int()
    .describe("Lines that made no job, or that differ from what was sent before under the same line number."),
  counts: z
    .object({
      pending: z.int().describe("Queued, running or parked."),
      completed: z.int(),
      failed: z.int(),
      cancelled: z.int(),
    })
    .describe("The accepted jobs by status."),
  cancel_requested: z.boolean(),
  options: BatchOptions,
  links: z.object({ self: z.string(), results: z.string(), events: z.string(), jobs: z.string() }),
};

/** A batch without its rejections: in lists, and in the events of its progress. */
export const BatchProgress = z.object(progressFields).meta({ id: "BatchProgress" });
export type BatchProgress = z.infer<typeof BatchProgress>;

export const Batch = z
  .object({
    ...progressFields,
    rejections: z.array(BatchRejection).describe(`The first ${BATCH_REJECTIONS_MAX}, by line.`),
  })
  .meta({ id: "Batch" });
export type Batch = z.infer<typeof Batch>;

export const BatchPage = z
  .object({ batches: z.array(BatchProgress), next_cursor: z.string().nullable() })
  .meta({ id: "BatchPage" });
export type BatchPage = z.infer<typeof BatchPage>;

/** `completion`: as the jobs end. `input`: by line; then a line comes once all before it have ended. */
export const BatchOrder = z.enum(["completion", "input"]);
export type BatchOrder = z.infer<typeof BatchOrder>;

/** A line of `GET /batches/{id}/results`. */
export const BatchResult = z
  .object({
    cursor: z.string().describe("Send it as `?cursor=` to get what comes after this line."),
    custom_id: z.string().nullable(),
    job_id: z.string(),
    line: z.int(),
    status: z.enum(["completed", "failed", "cancelled"]),
    result: z.union([ToolJobResult, ChatJobResult]).nullable(),
    error: JobError.nullable(),
  })
  .meta({ id: "BatchResult" });
export type BatchResult = z.infer<typeof BatchResult>;

/** Of `GET /batches/{id}/events`. The last event of a stream is `batch.completed` or `batch.cancelled`. */
export const BatchEvent = z
  .object({
    id: z.int().describe("Grows with each change of the batch, but not by one."),
    type: z.enum(["batch.progress", "batch.completed", "batch.cancelled"]),
    time: instant,
    batch: BatchProgress,
  })
  .meta({ id: "BatchEvent" });
export type BatchEvent = z.infer<typeof BatchEvent>;

/** The paths of a batch, relative to the api's origin. */
export function batchLinks(batchId: string): Batch["links"] {
  const self = `/batches/${batchId}`;
  return { self, results: `${self}/results`, events: `${self}/events`, jobs: `/jobs?batch_id=${batchId}` };
}
