import type { IRedisTransaction } from "bullmq";
import { DEFAULT_TOOL_JOB_TIMEOUT_MS, type Job, type JobRequest } from "@millrace/contracts";
import type { Clock } from "./clock.ts";
import type { JobQueues } from "./job-queues.ts";
import type { Keys } from "./keys.ts";
import { newRecordFields, queuedJob, type QueuedEvent } from "./record.ts";
import { pipelineReplies } from "./unavailable.ts";

export interface Submission {
  jobId: string;
  /** The key's name; only it will see the job. */
  tenant: string;
  request: JobRequest;
}

export interface SubmissionDependencies {
  keys: Keys;
  queues: JobQueues;
  clock: Clock;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
}

/**
 * Writes a job, in this order: the note that it is under way, its place in the index, its record and log, its
 * entry in the queue; then the note goes. It is one round trip, but no transaction: what a crash leaves between
 * two of these, the sweeper finds by the note and completes.
 *
 * The client has its 202 only after all of it.
 */
export async function submitJob(submission: Submission, dependencies: SubmissionDependencies): Promise<Job> {
  const { jobId, tenant, request } = submission;
  const { keys, queues, clock } = dependencies;
  const now = clock.now();
  const queued: QueuedEvent = { type: "job.queued", time: new Date(now).toISOString(), attempt: 1, request };
  const event = JSON.stringify(queued);
  const fields = newRecordFields({
    tenant,
    type: request.type,
    timeoutMs: request.timeout_ms ?? DEFAULT_TOOL_JOB_TIMEOUT_MS,
    retentionSeconds: request.retention_seconds ?? dependencies.retentionSeconds,
  });

  const pipeline = queues.pipeline();
  pipeline.runCommand("zadd", [keys.submissions, now, jobId]);
  pipeline.runCommand("sadd", [keys.tenants, tenant]);
  pipeline.runCommand("zadd", [keys.index(tenant), 0, jobId]);
  pipeline.runCommand("millraceCreate", [
    keys.record(jobId),
    keys.log(jobId),
    keys.events(jobId),
    event,
    ...fields,
  ]);
  await admit(pipeline, jobId, request, event.length, dependencies);
  pipelineReplies(await pipeline.exec());
  return queuedJob(jobId, queued);
}

/**
 * Lets a job that has its record into its queue. Today every job is admitted at once; shares between keys will
 * be decided here, and nowhere else.
 */
export async function admit(
  pipeline: IRedisTransaction,
  jobId: string,
  request: JobRequest,
  requestBytes: number,
  { keys, queues }: Pick<SubmissionDependencies, "keys" | "queues">,
): Promise<void> {
  await queues.add(pipeline, jobId, request, requestBytes);
  pipeline.runCommand("zrem", [keys.submissions, jobId]);
}
