import type { JobStatus, JobType } from "@millrace/contracts";
import { Worker } from "bullmq";
import { expect, vi } from "vitest";
import type { Execute } from "../../src/run/job-execution.ts";
import type { JobRunner } from "../../src/run/job-runner.ts";
import type { QueuedJobData } from "../../src/job-queues.ts";
import type { JobStore } from "../../src/job-store.ts";
import { TENANT, type Installation } from "./test-installation.ts";

export const never = new AbortController().signal;
export const PATIENCE_MS = 20_000;
export const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";

/** A worker of its own that runs jobs of one kind. */
export function startRunner(
  installation: Installation,
  execute: Execute,
  { type = "chat", concurrency = 10 }: { type?: JobType; concurrency?: number } = {},
): JobRunner {
  const runner = installation.createWorker().createRunner({ type, concurrency, execute });
  installation.onRelease(() => runner.close(0));
  runner.start();
  return runner;
}

/** Takes a job from its queue as a worker does that then dies: nobody gives it back but the stall of its lock. */
export async function takeAndDie(
  { redis, keys, onRelease }: Installation,
  type: JobType,
): Promise<string | undefined> {
  const worker = new Worker<QueuedJobData>(type, null, {
    connection: redis,
    prefix: keys.queuePrefix(type),
    autorun: false,
    lockDuration: 100,
    skipLockRenewal: true,
    skipStalledCheck: true,
  });
  onRelease(() => worker.close(true));
  return (await worker.getNextJob("dead"))?.id;
}

/** Waits until a job has come so far. */
export async function untilStatus(store: JobStore, jobId: string, status: JobStatus): Promise<void> {
  const look = async () => expect((await store.find(TENANT, jobId))?.job.status).toBe(status);
  await vi.waitFor(look, PATIENCE_MS);
}

/** The types of a job's events, in order. */
export async function eventTypes(store: JobStore, jobId: string): Promise<string[]> {
  return (await store.readLog(jobId, 0, 1_000)).map(({ type }) => type);
}

/** Waits until BullMQ holds nothing of any job of this kind. */
export async function queueEmpty({ redis, keys }: Installation, type: JobType): Promise<void> {
  const prefix = `${keys.queuePrefix(type)}:${type}:`;
  const left = async (): Promise<string[]> => [
    ...(await redis.keys(`${prefix}job_*`)),
    ...(await redis.zrange(`${prefix}delayed`, "0", "-1")),
    ...(await redis.zrange(`${prefix}prioritized`, "0", "-1")),
    ...(await redis.lrange(`${prefix}wait`, 0, -1)),
    ...(await redis.lrange(`${prefix}active`, 0, -1)),
  ];
  await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENCE_MS);
}
