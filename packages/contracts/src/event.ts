import { z } from "zod";
import { Job } from "./job.ts";
import { JobRequest } from "./tool-job-request.ts";

/** `id` is the event's place in its job's log: 1, 2, 3 … without gaps. */
const common = {
  id: z.int().min(1),
  time: z.iso.datetime(),
  attempt: z.int(),
};

const terminal = { ...common, job: Job.describe("The job as it ended.") };

/** One flat object for each step of a job. A terminal event is the last of every log. */
export const JobEvent = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("job.queued"), ...common, request: JobRequest }),
    z.object({ type: z.literal("job.started"), ...common, worker_id: z.string() }),
    z.object({ type: z.literal("job.completed"), ...terminal }),
    z.object({ type: z.literal("job.failed"), ...terminal }),
  ])
  .meta({ id: "JobEvent" });
export type JobEvent = z.infer<typeof JobEvent>;
export type JobEventType = JobEvent["type"];

const TERMINAL_TYPES: ReadonlySet<string> = new Set<JobEventType>(["job.completed", "job.failed"]);

export function isTerminalEvent(type: string): boolean {
  return TERMINAL_TYPES.has(type);
}

export const JobEventPage = z
  .object({ events: z.array(JobEvent), next_cursor: z.string().nullable() })
  .meta({ id: "JobEventPage" });
export type JobEventPage = z.infer<typeof JobEventPage>;
