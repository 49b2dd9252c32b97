import { isTerminal, type Job, type JobRequest } from "@millrace/contracts";
import { EVERY_TENANT, waitForEnd, type JobSnapshot, type JobStore, type NewJob } from "@millrace/job-store";
import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import { accepted } from "./accepted.ts";
import { eventStreamResponse, type StreamDependencies } from "./event-stream.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import { traced, traceparentOf } from "./traceparent.ts";
import { waitSignal } from "./wait-signal.ts";

interface SubmitDependencies extends StreamDependencies {
  store: JobStore;
}

/** A job that is yet to be submitted, or the one that the same request has made before under its key. */
export type Placed = { newJob: NewJob } | { repeated: JobSnapshot };

/** The most specific first: it decides. */
const JSON_RANGES = ["application/json", "application/*", "*/*"];

/**
 * Whether the request names event streams among what it accepts, and likes them no less than JSON (RFC 9110,
 * section 12.5.1).
 */
export function wantsEventStream(c: Context): boolean {
  const types = parseAccept(c.req.header("accept") ?? "");
  const weightOf = (range: string) => types.find(({ type }) => type.toLowerCase() === range)?.q;
  const weight = weightOf("text/event-stream") ?? 0;
  const weightOfJson = JSON_RANGES.map(weightOf).find((known) => known !== undefined) ?? 0;
  return weight > 0 && weight >= weightOfJson;
}

/**
 * Looks at the request's `Idempotency-Key`. A request that comes again is not checked again: the fleet may have
 * changed since. `check` refuses a job that cannot succeed. The job takes the request's `traceparent` along.
 */
export async function placeJob(
  c: Context,
  { store }: SubmitDependencies,
  { tenant, request }: { tenant: string; request: JobRequest },
  check: () => Promise<NewJob>,
): Promise<Placed> {
  const key = idempotencyKey(c.req.header("idempotency-key"));
  const traceparent = traceparentOf(c.req.header("traceparent"));
  const newJob = async () => traced(await check(), traceparent);
  if (key === null) return { newJob: await newJob() };
  const repeated = await store.keyed.find(tenant, key, request);
  return repeated ? { repeated } : await store.keyed.take(await newJob(), key, request);
}

/** Submits a job and answers 202; 200 when it was there. */
export async function submit(c: Context, { store }: SubmitDependencies, placed: Placed) {
  if ("newJob" in placed) return accepted(c, await store.submit(placed.newJob));
  return finished(c, placed.repeated.job);
}

/** Submits a job and answers with its events, from the first on. */
export async function submitAndStream(c: Context, dependencies: SubmitDependencies, placed: Placed) {
  const { store } = dependencies;
  if ("newJob" in placed) {
    const { job, follower } = await store.submitAndFollow(placed.newJob);
    return eventStreamResponse(c, follower, dependencies, { location: job.links.self });
  }
  const { id, links } = placed.repeated.job;
  return eventStreamResponse(c, store.follow(id, 0), dependencies, { location: links.self });
}

/** Waits for the end of a job, which it submits unless it was there; `waitSeconds` at most. */
export async function waitForPlaced(
  c: Context,
  { store, shutdown }: SubmitDependencies,
  placed: Placed,
  waitSeconds: number,
): Promise<{ job: Job; ended: boolean }> {
  const signal = waitSignal(c, shutdown);
  const waitMs = waitSeconds * 1_000;
  if ("newJob" in placed) return await store.submitAndWait(placed.newJob, { waitMs, signal });
  const { job, logLength } = placed.repeated;
  if (isTerminal(job.status)) return { job, ended: true };
  using follower = store.follow(job.id, logLength);
  const ended = await waitForEnd(follower, signal, waitMs);
  // Whose it is need not be asked: only its own key finds it by the idempotency key.
  const now = ended ?? (await store.find(EVERY_TENANT, job.id))?.job ?? job;
  return { job: now, ended: isTerminal(now.status) };
}

/** Submits a job and waits for it: answers 200 when it has ended in `waitSeconds`, else 202. */
export async function submitAndWait(
  c: Context,
  dependencies: SubmitDependencies,
  placed: Placed,
  waitSeconds: number,
) {
  const { job, ended } = await waitForPlaced(c, dependencies, placed, waitSeconds);
  return ended ? finished(c, job) : accepted(c, job);
}

function finished(c: Context, job: Job) {
  return c.json(job, 200, { location: job.links.self });
}
