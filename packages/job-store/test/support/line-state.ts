import type { JobRequest, JobType } from "@millrace/contracts";
import { expect, vi } from "vitest";
import type { JobStore } from "../../src/job-store.ts";
import type { Execute } from "../../src/run/job-execution.ts";
import { PATIENCE_MS } from "./run-jobs.ts";
import { REQUEST, RESULT, TENANT, type Installation } from "./test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

/** Of `scripts/line.lua`: how long ago jobs were admitted is part of their scores. */
const LONG_MS = 60_000;

/** On a busy machine more than so many at once are not answered in time. */
const AT_ONCE = 50;

/** Submits so many tool jobs, many at once; returns their ids. */
export async function submitMany(
  store: JobStore,
  count: number,
  { tenant = TENANT, request = REQUEST }: { tenant?: string; request?: JobRequest } = {},
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const length = Math.min(AT_ONCE, count - ids.length);
    const jobs = await Promise.all(Array.from({ length }, () => store.submit({ tenant, request })));
    ids.push(...jobs.map(({ id }) => id));
  }
  return ids;
}

/** Runs jobs and notes their ids in the order of their starts. */
export function noteStarts(): { starts: string[]; execute: Execute } {
  const starts: string[] = [];
  const execute: Execute = ({ jobId }) => {
    starts.push(jobId);
    return Promise.resolve(DONE);
  };
  return { starts, execute };
}

export const untilStarted = (starts: readonly string[], count: number) =>
  vi.waitFor(() => expect(starts.length).toBeGreaterThanOrEqual(count), PATIENCE_MS);

/** Where the jobs of one key stand. */
export async function lineState(
  { redis, keys }: Installation,
  type: JobType = "tool",
  tenant = TENANT,
): Promise<{ line: string[]; admitted: string[]; later: string[]; queued: string[] }> {
  const names = keys.line(type, tenant);
  return {
    line: await redis.zrange(names.line, "0", "-1"),
    admitted: await redis.zrange(names.admitted, "0", "-1"),
    later: await redis.smembers(names.later),
    queued: await redis.zrange(`${keys.queuePrefix(type)}:${type}:prioritized`, "0", "-1"),
  };
}

/** Makes admissions old enough for the sweeper to look at. */
export async function ageAdmitted({ redis, keys }: Installation, type: JobType = "tool"): Promise<void> {
  const key = keys.line(type, TENANT).admitted;
  for (const id of await redis.zrange(key, "0", "-1")) await redis.zadd(key, "XX", "INCR", -LONG_MS, id);
}

/** Waits until nothing is left of any line. */
export async function linesGone({ redis, keyPrefix }: Installation): Promise<void> {
  const left = () => redis.keys(`${keyPrefix}:{line:*`);
  await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENCE_MS);
}

/** The api takes the note of a whole submission back a little later; those of `left` stay. */
export async function noteTaken({ redis, keys }: Installation, left: string[] = []): Promise<void> {
  const notes = () => redis.zrange(keys.submissions, "0", "-1");
  await vi.waitFor(async () => expect(await notes()).toEqual(left), PATIENCE_MS);
}
