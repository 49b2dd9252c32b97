import { jobError } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { endWaitingJob } from "../control/end-waiting-job.ts";
import type { Keys } from "../keys.ts";
import { parseRecord } from "../record.ts";
import { readSteps, workDone } from "./work-done.ts";

/** Sets a job aside whose workers die of it. Its log stays, so it can be looked at, and retried when the cause is mended. */
export async function failCrashLoop(
  jobId: string,
  dependencies: { redis: Redis; keys: Keys; clock: Clock; maxCrashes: number },
): Promise<void> {
  const { redis, keys, maxCrashes } = dependencies;
  const record = parseRecord(await redis.hgetall(keys.record(jobId)));
  if (record?.status !== "running") return;
  const { usage } = workDone(await readSteps(redis, keys.log(jobId)));
  const message = `The worker of this job died ${maxCrashes} times in a row without a new step. Look for what kills it in the workers' logs, then retry the job.`;
  const error = jobError("crash_loop", message);
  const outcome = { status: "failed", error, result: null, ...(usage ? { usage } : {}) } as const;
  await endWaitingJob(jobId, record, outcome, dependencies);
}
