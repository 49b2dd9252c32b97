import { z } from "zod";

/**
 * Why a job failed, and whether the same job may succeed when it is submitted again unchanged.
 * This is the only table of that; nothing else decides it.
 */
export const JOB_ERROR_RETRYABLE = {
  /** The tool ran and answered `isError`; its content is kept in the job's result. */
  tool_error: false,
  /** The call took longer than the server's `tool_timeout`. */
  tool_timeout: true,
  /** The job took longer than its `timeout_ms`. */
  timeout: true,
  /** The server is not connected, or its connection broke during the call. */
  server_unavailable: true,
  /** No worker that took the job has such a server. */
  unknown_server: false,
  /** The server is connected and has no such tool. */
  unknown_tool: false,
  /** A bare tool name that several servers have. */
  ambiguous_tool: false,
  /** The arguments do not fit the tool's schema. */
  invalid_arguments: false,
  /** The call may or may not have happened: its worker or its server died before an answer came. */
  outcome_unknown: false,
  /** The job's workers died again and again while it ran, without a new step in between. */
  crash_loop: false,
  /** The server refused the call with a protocol error. */
  call_rejected: false,
  /** The result is larger than a job may keep. */
  result_too_large: false,
  /** Nobody approved the call. */
  approval_denied: false,
  /** No worker started the job within its `queue_timeout_ms`. */
  queue_timeout: true,
  /** The models file has no such alias. */
  unknown_model: false,
  /** The provider refused the key, or there is none. */
  provider_auth: false,
  /** The provider refused the request: too long, a model it does not have, a setting it does not know. */
  provider_rejected: false,
  /** The provider kept failing, or asking to wait, until the job's time was up or no retry was left. */
  provider_unavailable: true,
  /** The model's answer took longer than its `timeout`. */
  model_timeout: true,
  /** A bug in Millrace. */
  internal_error: true,
} as const;

export type JobErrorCode = keyof typeof JOB_ERROR_RETRYABLE;

const codes = Object.keys(JOB_ERROR_RETRYABLE) as [JobErrorCode, ...JobErrorCode[]];
export const JobErrorCode = z.enum(codes);

/** The `error` of a failed job. `retryable` says whether the same job may succeed later. */
export const JobError = z
  .object({
    code: JobErrorCode,
    message: z.string(),
    retryable: z.boolean(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "JobError" });
export type JobError = z.infer<typeof JobError>;

/** Builds a job's error; `retryable` comes from the one table. */
export function jobError(code: JobErrorCode, message: string, errors?: JobError["errors"]): JobError {
  return { code, message, retryable: JOB_ERROR_RETRYABLE[code], ...(errors ? { errors } : {}) };
}
