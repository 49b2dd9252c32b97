import { DEFAULT_TOOL_JOB_TIMEOUT_MS, type JobRequest } from "@millrace/contracts";
import type { IRedisTransaction } from "bullmq";
import type { Clock } from "./clock.ts";
import type { JobQueues } from "./job-queues.ts";
import type { Keys } from "./keys.ts";
import { newRecordFields, type QueuedEvent } from "./record.ts";

export interface Submission {
  jobId: string;
  /** The key's name; only it will see the job. */
  tenant: string;
  request: JobRequest;
  /** Channel that is told when the job has ended. */
  replyTo?: string;
  /** A reader follows the log already. */
  followed?: boolean;
}

/** A submission as it is written: its first event, as text too, and when that was. */
export interface PreparedSubmission extends Submission {
  queued: QueuedEvent;
  event: string;
  /** Milliseconds since 1970. */
  at: number;
}

export function prepareSubmission(submission: Submission, clock: Clock): PreparedSubmission {
  const at = clock.now();
  const { request } = submission;
  const queued: QueuedEvent = { type: "job.queued", time: new Date(at).toISOString(), attempt: 1, request };
  return { ...submission, at, queued, event: JSON.stringify(queued) };
}

export interface SubmissionDependencies {
  keys: Keys;
  queues: JobQueues;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
}

/**
 * Adds the commands that write submissions to a pipeline, in this order: a note that they are under way, their
 * places in the index, then for each its log and record, and its entry in the queue. The pipeline is one round trip,
 * but no transaction: what a crash leaves between two of these, the sweeper finds by the note and completes.
 *
 * Resolves once the commands are in the pipeline, with the number of replies that come before the submissions' own;
 * each submission has {@link REPLIES_EACH}.
 */
export async function writeSubmissions(
  pipeline: IRedisTransaction,
  submissions: readonly PreparedSubmission[],
  dependencies: SubmissionDependencies,
): Promise<number> {
  const { keys, queues } = dependencies;
  pipeline.runCommand("zadd", [keys.submissions, ...submissions.flatMap(({ at, jobId }) => [at, jobId])]);
  const byTenant = Map.groupBy(submissions, ({ tenant }) => tenant);
  pipeline.runCommand("sadd", [keys.tenants, ...byTenant.keys()]);
  for (const [tenant, own] of byTenant) {
    pipeline.runCommand("zadd", [keys.index(tenant), ...own.flatMap(({ jobId }) => [0, jobId])]);
  }
  const announcements: string[][] = [];
  for (const submission of submissions) {
    const { event } = submission;
    createJob(pipeline, submission, dependencies);
    await admit(pipeline, queues, submission.jobId, submission.request, event.length);
    if (submission.followed) announcements.push([keys.events(submission.jobId), `1\n${event}`]);
  }
  for (const announcement of announcements) pipeline.runCommand("publish", announcement);
  return 2 + byTenant.size;
}

/** Of a submission, in a pipeline: its log, its record and its entry in the queue. */
export const REPLIES_EACH = 3;

function createJob(
  pipeline: IRedisTransaction,
  { jobId, tenant, request, replyTo, event }: PreparedSubmission,
  { keys, retentionSeconds }: SubmissionDependencies,
): void {
  const record = newRecordFields({
    tenant,
    type: request.type,
    timeoutMs: request.timeout_ms ?? DEFAULT_TOOL_JOB_TIMEOUT_MS,
    retentionSeconds: request.retention_seconds ?? retentionSeconds,
    replyTo,
  });
  // Plain commands: the id is new, so there is nothing that a script would have to check.
  pipeline.runCommand("rpush", [keys.log(jobId), event]);
  pipeline.hset(keys.record(jobId), record);
}

/**
 * Lets a job that has its record into its queue. Today every job is admitted at once; shares between keys will
 * be decided here, and nowhere else.
 */
export async function admit(
  pipeline: IRedisTransaction,
  queues: JobQueues,
  jobId: string,
  request: JobRequest,
  requestLength: number,
): Promise<void> {
  await queues.add(pipeline, jobId, request, requestLength);
}
