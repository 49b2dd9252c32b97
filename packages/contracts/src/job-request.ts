import { z } from "zod";
import { ChatJobRequest, DEFAULT_CHAT_JOB_TIMEOUT_MS } from "./chat-job-request.ts";
import { DEFAULT_TOOL_JOB_TIMEOUT_MS, ToolJobRequest } from "./tool-job-request.ts";

/** Every job request by its `type`. */
export const JobRequest = z
  .discriminatedUnion("type", [ToolJobRequest, ChatJobRequest])
  .meta({ id: "JobRequest" });
export type JobRequest = z.infer<typeof JobRequest>;
/** What a client writes: what has a default may be left out. */
export type JobRequestInput = z.input<typeof JobRequest>;

/** Kinds of work; each has its own queue, so that long jobs never block short ones. */
export const JobType = z.enum(["tool", "chat"]);
export type JobType = z.infer<typeof JobType>;

/** Priority of a job that names none: the middle, so that a client can go both ways. */
export const DEFAULT_PRIORITY = 5;

/** After this many deaths of its workers in a row, without a new step, a job is set aside as `crash_loop`. */
export const DEFAULT_MAX_CRASHES = 20;

const DEFAULT_TIMEOUT_MS: Readonly<Record<JobType, number>> = {
  tool: DEFAULT_TOOL_JOB_TIMEOUT_MS,
  chat: DEFAULT_CHAT_JOB_TIMEOUT_MS,
};

/** How long a job may run, in milliseconds. */
export function jobTimeoutMs(request: JobRequest): number {
  return request.timeout_ms ?? DEFAULT_TIMEOUT_MS[request.type];
}
