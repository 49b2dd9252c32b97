import {
  isTerminalEvent,
  jobTimeoutMs,
  type Job,
  type JobErrorCode,
  type JobPage,
  type JobStatus,
  type JobType,
  type RetryFrom,
} from "@millrace/contracts";
import type { Redis } from "ioredis";
import { reopenInBatch } from "../batches/batch-ends.ts";
import { priorityOf, type Admission } from "../admission/admission.ts";
import type { Clock } from "../clock.ts";
import { eventType } from "../reading/event-log.ts";
import type { JobReader } from "../reading/job-reader.ts";
import { jobView } from "../reading/job-view.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { readJob, type JobReading } from "../reading/read-job.ts";
import { entryId } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import { PUBLISH_BYTES_MAX } from "../run/run-writer.ts";
import type { Viewer } from "../reading/viewer.ts";

const PAGE_LENGTH = 50;
/** How many jobs are reopened at the same time. */
const AT_ONCE = 20;

export interface JobRetryDependencies {
  redis: Redis;
  keys: Keys;
  admission: Admission;
  clock: Clock;
  jobs: Pick<JobReader, "read" | "list">;
}

/** `reopened`: the job is queued again. `refused`: it is neither failed nor cancelled, but what `job` says. */
export interface RetryAnswer {
  outcome: "reopened" | "refused";
  job: Job;
}

export interface RetryFilter {
  status: Extract<JobStatus, "failed" | "cancelled">;
  type?: JobType | undefined;
  batchId?: string | undefined;
  errorCode?: JobErrorCode | undefined;
  from: RetryFrom;
  limit: number;
}

/**
 * Opens jobs again that have failed or were cancelled.
 *
 * The order: a note, the record with `job.reopened`, its batch, its line and its entry in the queue, the note's end.
 * What a crash leaves between two of these, the sweeper finds by the note and completes, as with submissions.
 */
export class JobRetry {
  readonly #dependencies: JobRetryDependencies;

  constructor(dependencies: JobRetryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Null when the viewer has no such job. Of several retries at the same time one reopens it. */
  retry(viewer: Viewer, jobId: string, from: RetryFrom): Promise<RetryAnswer | null> {
    return this.#dependencies.jobs.read(() => this.#retry(viewer, jobId, from));
  }

  /** The ids of those that were reopened, newest first. */
  async retryMany(viewer: Viewer, { from, errorCode, limit, ...filter }: RetryFilter): Promise<string[]> {
    const reopened: string[] = [];
    const { jobs } = this.#dependencies;
    let cursor: string | undefined;
    do {
      const wanted = { ...filter, limit: PAGE_LENGTH, cursor };
      const page: JobPage = await jobs.list(viewer, wanted);
      const chosen = page.jobs.filter(({ error }) => errorCode === undefined || error?.code === errorCode);
      const left = chosen.slice(0, limit - reopened.length).map(({ id }) => id);
      while (left.length > 0) {
        const ids = left.splice(0, AT_ONCE);
        const answers = await Promise.all(ids.map((id) => this.retry(viewer, id, from)));
        reopened.push(...ids.filter((_, position) => answers[position]?.outcome === "reopened"));
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined && reopened.length < limit);
    return reopened;
  }

  async #retry(viewer: Viewer, jobId: string, from: RetryFrom): Promise<RetryAnswer | null> {
    const reading = await readJob(this.#dependencies, viewer, jobId);
    if (!reading) return null;
    const { record, last } = reading;
    const isEnded = isTerminalEvent(eventType(last)) && record.status !== "completed";
    const generation = isEnded ? await this.#reopen(jobId, reading, from) : null;
    if (generation === null) {
      return { outcome: "refused", job: jobView(jobId, reading) };
    }
    const after = await readJob(this.#dependencies, viewer, jobId);
    return after && { outcome: "reopened", job: jobView(jobId, after) };
  }

  /** The job's new generation; null when somebody else was faster. */
  async #reopen(jobId: string, { record, first }: JobReading, from: RetryFrom): Promise<number | null> {
    const { redis, keys, admission, clock } = this.#dependencies;
    const { request } = JSON.parse(first) as QueuedEvent;
    const now = clock.now();
    const time = new Date(now).toISOString();
    const event = { type: "job.reopened", time, attempt: record.attempt + 1, from };
    const { queue_timeout_ms: queueTimeoutMs } = request;
    const deadline = queueTimeoutMs === undefined ? [] : ["queue_deadline", now + queueTimeoutMs];
    // Under the name of its new entry: the note of its submission may be about to go.
    const note = entryId({ jobId, generation: record.generation + 1 });
    await redis.zadd(keys.submissions, now, note);
    const generation = await redis.millraceReopen(
      keys.record(jobId),
      keys.log(jobId),
      keys.deliveries(jobId),
      keys.events(jobId),
      record.generation,
      PUBLISH_BYTES_MAX,
      from === "start" ? "1" : "0",
      JSON.stringify(event),
      "timeout_ms",
      jobTimeoutMs(request),
      ...deadline,
    );
    // Another retry may have written the same note, and need it: then the sweeper takes it away.
    if (generation < 0) return null;
    if (queueTimeoutMs !== undefined) await redis.zadd(keys.queueDeadlines, now + queueTimeoutMs, jobId);
    const { batchId } = record;
    if (batchId) await reopenInBatch(batchId, { jobId, generation }, { redis, keys, now });
    // Whatever the key's cap: it was accepted before.
    await admission.enter(record, [{ entry: { jobId, generation }, priority: priorityOf(request) }]);
    await redis.zrem(keys.submissions, note);
    return generation;
  }
}
