import type { Context } from "hono";
import type { JobStore, NewJob } from "@millrace/job-store";
import { accepted } from "./accepted.ts";
import { eventStreamResponse } from "./event-stream.ts";
import { waitSignal } from "./wait-signal.ts";

interface SubmitDependencies {
  store: JobStore;
  shutdown: AbortSignal;
}

export function wantsEventStream(c: Context): boolean {
  return c.req.header("accept")?.includes("text/event-stream") ?? false;
}

/** Submits a job and answers with its events, from the first on. */
export async function submitAndStream(c: Context, { store, shutdown }: SubmitDependencies, newJob: NewJob) {
  const { job, follower } = await store.submitAndFollow(newJob);
  return eventStreamResponse(c, follower, shutdown, { location: job.links.self });
}

/** Submits a job and answers 200 when it has ended within `waitSeconds`, else 202. */
export async function submitAndWait(
  c: Context,
  { store, shutdown }: SubmitDependencies,
  newJob: NewJob,
  waitSeconds: number,
) {
  const signal = waitSignal(c, shutdown);
  const { job, ended } = await store.submitAndWait(newJob, { waitMs: waitSeconds * 1_000, signal });
  return ended ? c.json(job, 200, { location: job.links.self }) : accepted(c, job);
}
