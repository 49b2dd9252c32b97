import type { Job } from "@millrace/contracts";
import type { Context } from "hono";

/** 202 with the place where the job can be found. */
export function accepted(c: Context, job: Job) {
  return c.json(job, 202, { location: job.links.self });
}
