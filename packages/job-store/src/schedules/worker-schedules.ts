import type { Redis } from "ioredis";
import { withoutDeadline } from "../redis/answer.ts";
import { findJob } from "../reading/find-job.ts";
import { createJobIds } from "../job-id.ts";
import { KeyedSubmissions } from "../submission/keyed-submissions.ts";
import type { Logger } from "../logger.ts";
import type { NewJob } from "../submission/submission.ts";
import { SubmissionWriter, type SubmissionWriterOptions } from "../submission/submission-writer.ts";
import { queuedJob } from "../reading/job-view.ts";
import { ScheduleQueue } from "./schedule-queue.ts";
import { ScheduleRecords } from "./schedule-records.ts";
import { ScheduleRunner } from "./schedule-runner.ts";

/** Every job of a schedule names its own retention, so this one counts for none. */
const RETENTION_SECONDS = 86_400;

export interface WorkerSchedulesOptions extends Omit<SubmissionWriterOptions, "retentionSeconds"> {
  /** BullMQ's connection. */
  queueRedis: Redis;
  logger: Logger;
}

/** What a worker does for schedules: it submits their jobs when they are due, and repairs what was cut off. */
export function createWorkerSchedules(options: WorkerSchedulesOptions) {
  const { redis, queueRedis, keys, clock, logger } = options;
  const queue = new ScheduleQueue(queueRedis, keys, logger);
  const records = new ScheduleRecords({ redis, keys, clock, queue });
  const writer = new SubmissionWriter({ ...options, retentionSeconds: RETENTION_SECONDS });
  const nextJobId = createJobIds();
  const newJobId = (): string => nextJobId(clock.now());
  const submit = async (newJob: NewJob) => {
    const jobId = newJob.jobId ?? newJobId();
    return queuedJob(jobId, await writer.submit({ ...newJob, jobId }));
  };
  const keyed = new KeyedSubmissions({
    redis,
    keys,
    clock,
    retentionSeconds: RETENTION_SECONDS,
    answer: withoutDeadline,
    newJobId,
    store: { find: (tenant, jobId) => findJob(options, tenant, jobId), submit },
  });
  return {
    records,
    createRunner: (): ScheduleRunner =>
      new ScheduleRunner({ keys, queueRedis, records, keyed, submit, logger }),
    close: async (): Promise<void> => {
      await writer.flush();
      await queue.close();
    },
  };
}
