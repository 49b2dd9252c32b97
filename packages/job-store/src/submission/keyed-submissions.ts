import type { Job, JobRequest } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { IdempotencyKeys, IdempotencyExpiredError, type KeyedId, type KeyMark } from "./idempotency.ts";
import type { JobSnapshot } from "../reading/job-view.ts";
import type { Keys } from "../keys.ts";
import type { NewJob } from "./submission.ts";
import type { Answer } from "../redis/answer.ts";

export interface KeyedSubmissionsOptions {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
  answer: Answer;
  newJobId: () => string;
  store: {
    find: (tenant: string, jobId: string) => Promise<JobSnapshot | null>;
    submit: (newJob: NewJob) => Promise<Job>;
  };
}

/** Submissions under an idempotency key: one key makes one job. */
export class KeyedSubmissions {
  readonly #options: KeyedSubmissionsOptions;
  readonly #keys: IdempotencyKeys;

  constructor(options: KeyedSubmissionsOptions) {
    this.#options = options;
    this.#keys = new IdempotencyKeys(options.redis, options.keys);
  }

  /**
   * The job that this request has made under the key before; null when there is none, or not whole.
   * @throws IdempotencyMismatchError, IdempotencyExpiredError
   */
  async find(tenant: string, key: string, request: JobRequest): Promise<JobSnapshot | null> {
    const keyed = await this.#options.answer(() => this.#keys.find(tenant, key, request));
    return keyed && (await this.#jobOf(tenant, keyed, this.#keys.mark(tenant, key, request, keyed.id)));
  }

  /**
   * Takes the key for a new job, which the caller then submits; or gives the job that the key has made before. A
   * submission that was cut off is completed first, under the id that it had. `sent` is the request as the client has
   * sent it, by which it is known when it comes again.
   * @throws IdempotencyMismatchError, IdempotencyExpiredError
   */
  async take(
    newJob: NewJob,
    key: string,
    sent: JobRequest = newJob.request,
  ): Promise<{ newJob: NewJob } | { repeated: JobSnapshot }> {
    const { tenant } = newJob;
    const freshId = this.#options.newJobId();
    const retention = newJob.request.retention_seconds ?? this.#options.retentionSeconds;
    const keyed = await this.#options.answer(() =>
      this.#keys.take({ tenant, key, request: sent }, freshId, retention),
    );
    const { id: jobId } = keyed;
    const mark = this.#keys.mark(tenant, key, sent, jobId);
    const marked = { ...newJob, jobId, mark: { ...mark, holder: freshId } };
    if (jobId === freshId) return { newJob: marked };
    const before = await this.#jobOf(tenant, keyed, mark);
    if (before) return { repeated: before };
    await this.#options.store.submit(marked);
    const completed = await this.#options.store.find(tenant, jobId);
    if (!completed) throw new IdempotencyExpiredError(jobId);
    return { repeated: completed };
  }

  async #jobOf(
    tenant: string,
    { id: jobId, isWritten }: KeyedId,
    mark: KeyMark,
  ): Promise<JobSnapshot | null> {
    const snapshot = await this.#options.store.find(tenant, jobId);
    if (!snapshot && isWritten) throw new IdempotencyExpiredError(jobId);
    if (!snapshot || isWritten) return snapshot;
    return (await this.#options.answer(() => this.#keep(jobId, mark))) ? snapshot : null;
  }

  /**
   * The client is about to be told of a job whose submission may be under way, and about to be refused at the key's
   * cap, or has come to nothing half way. It stays from now on, and the sweeper sees to it that it is in its queue.
   * False when it is not there whole.
   */
  async #keep(jobId: string, mark: KeyMark): Promise<boolean> {
    const { redis, keys, clock } = this.#options;
    await redis.zadd(keys.submissions, "NX", clock.now(), jobId);
    if ((await redis.millraceKeepJob(keys.record(jobId), keys.log(jobId))) === 0) return false;
    await redis.set(mark.key, mark.value, "KEEPTTL", "XX");
    return true;
  }
}
