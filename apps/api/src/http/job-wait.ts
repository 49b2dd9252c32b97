import type { Job } from "@millrace/contracts";
import { waitForEnd, type JobStore, type LogFollower } from "@millrace/job-store";
import type { Context } from "hono";

/** Waits for the job on behalf of one request. Disposes of the follower. */
export async function endOf(
  follower: LogFollower,
  c: Context,
  waitSeconds: number,
  shutdown: AbortSignal,
): Promise<Job | null> {
  using following = follower;
  const signal = AbortSignal.any([c.req.raw.signal, shutdown]);
  return await waitForEnd(following, signal, waitSeconds * 1_000);
}

/** The job as it is now, or as it was when it has expired meanwhile. */
export async function current(store: JobStore, tenant: string, job: Job): Promise<Job> {
  const snapshot = await store.find(tenant, job.id);
  return snapshot?.job ?? job;
}

/** 202 with the place where the job can be found. */
export function accepted(c: Context, job: Job) {
  return c.json(job, 202, { location: job.links.self });
}
