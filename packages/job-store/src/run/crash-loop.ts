import { jobError } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { endWaitingJob } from "../control/end-waiting-job.ts";
import type { Keys } from "../keys.ts";
import type { JobOutcome } from "../reading/terminal-event.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import type { EndWaitingReply } from "../scripts.ts";
import { withoutDeadline } from "../redis/answer.ts";
import { readWork, type WorkDone } from "./work-done.ts";

/**
 * Sets a job aside whose workers die of it. Its log stays, so it can be looked at, and retried when the cause is mended.
 * One whose cancel has been requested is cancelled.
 */
export async function failCrashLoop(
  jobId: string,
  dependencies: { redis: Redis; keys: Keys; clock: Clock; maxCrashes: number },
): Promise<void> {
  const { redis, keys, maxCrashes } = dependencies;
  let seen: JobRecord | undefined;
  let ended: EndWaitingReply;
  do {
    const record = parseRecord(await redis.hgetall(keys.record(jobId)));
    if (record?.status !== "running") return;
    // A newer run may live.
    if (seen && (record.generation !== seen.generation || record.run !== seen.run)) return;
    seen = record;
    const work = await readWork(redis, keys.log(jobId), record, withoutDeadline);
    const outcome: JobOutcome = record.cancelRequested
      ? { status: "cancelled", ...work }
      : crashed(work, maxCrashes);
    ended = await endWaitingJob(jobId, record, outcome, dependencies);
    // A cancel may have come since the record was read.
  } while (ended === "changed");
}

function crashed({ usage }: WorkDone, maxCrashes: number): JobOutcome {
  const message = `The worker of this job died ${maxCrashes} times in a row without a new step. Look for what kills it in the workers' logs, then retry the job.`;
  const error = jobError("crash_loop", message);
  return { status: "failed", error, result: null, ...(usage ? { usage } : {}) };
}
