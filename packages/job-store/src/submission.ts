import { jobTimeoutMs, type ConversationMessage, type JobRequest } from "@millrace/contracts";
import type { IRedisTransaction } from "bullmq";
import type { Clock } from "./clock.ts";
import type { JobQueues, QueueEntry } from "./job-queues.ts";
import type { KeyMark } from "./idempotency.ts";
import type { QueuedEvent } from "./job-view.ts";
import type { Keys } from "./keys.ts";
import { newRecordFields } from "./record.ts";

export interface Submission {
  jobId: string;
  /** The key's name; only it will see the job. */
  tenant: string;
  request: JobRequest;
  /** The conversation that it goes on with. */
  previous?: ConversationMessage[] | undefined;
  /** Channel that is told when the job has ended. */
  replyTo?: string;
  /** A reader follows the log already. */
  followed?: boolean;
  /** Of one that came under an idempotency key. */
  mark?: KeyMark;
}

/** A job to be, and whose it will be; with its id when it came under an idempotency key. */
export type NewJob = Pick<Submission, "tenant" | "request" | "previous" | "mark"> & { jobId?: string };

/** A submission as it is written: its first event, as text too, and when that was. */
export interface PreparedSubmission extends Submission {
  queued: QueuedEvent;
  event: string;
  /** Milliseconds since 1970. */
  at: number;
}

export function prepareSubmission(submission: Submission, clock: Clock): PreparedSubmission {
  const at = clock.now();
  const { request, previous } = submission;
  const queued: QueuedEvent = {
    type: "job.queued",
    time: new Date(at).toISOString(),
    attempt: 1,
    request,
    ...(previous ? { previous } : {}),
  };
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
  const deadlines = submissions.flatMap((submission) => {
    const deadline = queueDeadline(submission);
    return deadline === undefined ? [] : [deadline, submission.jobId];
  });
  if (deadlines.length > 0) pipeline.runCommand("zadd", [keys.queueDeadlines, ...deadlines]);
  const announcements: string[][] = [];
  for (const submission of submissions) {
    const { event } = submission;
    createJob(pipeline, submission, dependencies);
    const { jobId, mark, queued } = submission;
    await admit(pipeline, queues, { jobId, generation: 0 }, queued, event.length);
    if (mark) pipeline.runCommand("set", [mark.key, mark.value, "XX", "KEEPTTL"]);
    if (submission.followed) announcements.push([keys.events(submission.jobId), `1\n${event}`]);
  }
  for (const announcement of announcements) pipeline.runCommand("publish", announcement);
  return 2 + byTenant.size + (deadlines.length > 0 ? 1 : 0);
}

/**
 * Of a submission, in a pipeline: its log, its record and its entry in the queue. Under an idempotency key: both in one,
 * its entry in the queue, and the mark of the key.
 */
export const REPLIES_EACH = 3;

/** When the job fails if no worker has started it by then, in milliseconds since 1970. */
function queueDeadline({ at, request }: PreparedSubmission): number | undefined {
  const { queue_timeout_ms: timeoutMs, delay_ms: delayMs = 0 } = request;
  return timeoutMs === undefined ? undefined : at + delayMs + timeoutMs;
}

function createJob(
  pipeline: IRedisTransaction,
  submission: PreparedSubmission,
  { keys, retentionSeconds }: SubmissionDependencies,
): void {
  const { jobId, tenant, request, replyTo, event } = submission;
  const record = newRecordFields({
    tenant,
    type: request.type,
    timeoutMs: jobTimeoutMs(request),
    retentionSeconds: request.retention_seconds ?? retentionSeconds,
    replyTo,
    queueDeadline: queueDeadline(submission),
  });
  if (submission.mark) {
    const fields = Object.entries(record).flat();
    pipeline.runCommand("millraceCreateJob", [keys.record(jobId), keys.log(jobId), event, ...fields]);
    return;
  }
  // Plain commands: the id is new, so there is nothing that a script would have to check.
  pipeline.runCommand("rpush", [keys.log(jobId), event]);
  pipeline.hset(keys.record(jobId), record);
}

/** A first event of at most this many characters travels with the BullMQ job. */
const SMALL_LENGTH = 1_024;

function fitsTravel({ previous }: QueuedEvent, length: number): boolean {
  return previous === undefined && length <= SMALL_LENGTH;
}

/**
 * Lets a job that has its record into its queue. Today every job is admitted at once; shares between keys will
 * be decided here, and nowhere else.
 */
export async function admit(
  pipeline: IRedisTransaction,
  queues: JobQueues,
  entry: QueueEntry,
  queued: QueuedEvent,
  length: number,
): Promise<void> {
  await queues.add(pipeline, entry, queued.request, { travels: fitsTravel(queued, length) });
}
