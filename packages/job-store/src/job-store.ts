import {
  isTerminal,
  type ApprovalRequest,
  type ConversationMessage,
  type Job,
  type JobPage,
} from "@millrace/contracts";
import type { Redis } from "ioredis";
import { ChannelSubscriptions } from "./channel-subscriptions.ts";
import { systemClock, type Clock } from "./clock.ts";
import { closeConnection, firstAttempt, keepPipelinesLean, openConnection } from "./connection.ts";
import { EventLog, type LogEvent, type LogHead } from "./event-log.ts";
import { FleetReader } from "./fleet-reader.ts";
import { FleetRequester } from "./fleet-requests.ts";
import type { FleetView } from "./fleet-view.ts";
import { JobControl, type ApprovalAnswer } from "./job-control.ts";
import { createJobIds, isJobId } from "./job-id.ts";
import { JobEnds, PendingEnd } from "./job-ends.ts";
import { JobIndex, type JobFilter } from "./job-index.ts";
import { JobQueues } from "./job-queues.ts";
import { JobRetry } from "./job-retry.ts";
import {
  endedJob,
  queuedJob,
  snapshot,
  type JobSnapshot,
  type QueuedEvent,
  type TerminalEvent,
} from "./job-view.ts";
import { KeyedSubmissions } from "./keyed-submissions.ts";
import { createKeys, type Keys } from "./keys.ts";
import { LogFollower, type FollowOptions } from "./log-follower.ts";
import type { Logger } from "./logger.ts";
import { checkRedisOnce } from "./redis-check.ts";
import type { NewJob, Submission } from "./submission.ts";
import { SubmissionWriter } from "./submission-writer.ts";
import { pipelineReplies, StoreUnavailableError, withStore, type Answer } from "./unavailable.ts";
import { RECHECK_MS } from "./wait-for-end.ts";

export interface JobStoreOptions {
  redisUrl: string;
  /** Separates installations that share one Redis. */
  keyPrefix: string;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
  logger: Logger;
  clock?: Clock;
}

/**
 * Jobs, as a process that takes requests needs them: submit, look up, follow. Two connections, however many
 * requests. Every method rejects with `StoreUnavailableError` within about 2 s while Redis is away, except that a
 * job which has been accepted is answered all the same.
 *
 * A job is visible to the tenant that submitted it; to others it does not exist.
 */
export class JobStore {
  /** Submissions under an idempotency key. */
  readonly keyed: KeyedSubmissions;
  readonly retries: JobRetry;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #keys: Keys;
  readonly #ends: JobEnds;
  readonly #log: EventLog;
  readonly #index: JobIndex;
  readonly #subscriptions: ChannelSubscriptions;
  readonly #fleet: FleetReader;
  /** What only workers can do is asked of them. */
  readonly requests: FleetRequester;
  readonly #queues: JobQueues;
  readonly #control: JobControl;
  readonly #writer: SubmissionWriter;
  readonly #clock: Clock;
  readonly #nextJobId = createJobIds();
  /** A request that comes before the first connection stands waits for it instead of failing. */
  readonly #opened: Promise<void>;
  readonly #answer: Answer = (commands) => withStore(() => this.#opened.then(commands));

  constructor({ redisUrl, keyPrefix, retentionSeconds, logger, clock = systemClock }: JobStoreOptions) {
    const connection = { url: redisUrl, logger };
    this.#redis = openConnection({ ...connection, role: "request", name: `${keyPrefix}:api` });
    this.#subscriber = openConnection({ ...connection, role: "subscriber", name: `${keyPrefix}:api:events` });
    this.#keys = createKeys(keyPrefix);
    this.#log = new EventLog(this.#redis, this.#keys);
    this.#index = new JobIndex(this.#redis, this.#keys);
    this.#subscriptions = new ChannelSubscriptions(this.#subscriber);
    this.#fleet = new FleetReader(this.#redis, this.#keys, this.#subscriptions);
    this.requests = new FleetRequester(this.#redis, this.#keys, this.#subscriptions, this.#fleet);
    this.#ends = new JobEnds(this.#subscriptions, this.#keys);
    this.#queues = new JobQueues(this.#redis, this.#keys, logger);
    const shared = { redis: this.#redis, keys: this.#keys, queues: this.#queues, clock };
    this.#control = new JobControl(shared);
    const answer = this.#answer;
    this.retries = new JobRetry({ ...shared, index: this.#index, answer });
    const newJobId = () => this.#newJobId();
    this.keyed = new KeyedSubmissions({ ...shared, retentionSeconds, store: this, answer, newJobId });
    this.#writer = new SubmissionWriter({ ...shared, retentionSeconds });
    this.#clock = clock;
    keepPipelinesLean(this.#redis, (script) => /^(millrace|add\w+Job:|promote:|removeJob:)/.test(script));
    checkRedisOnce(this.#redis, logger);
    this.#opened = firstAttempt(this.#redis);
  }

  /** Accepts a job: when this resolves, it will reach an outcome. */
  async submit(job: NewJob): Promise<Job> {
    const jobId = job.jobId ?? this.#newJobId();
    return queuedJob(jobId, await this.#submit({ ...job, jobId }));
  }

  /**
   * The same, and waits for its end, `waitMs` at most or until `signal` aborts. Then `ended` is false, and the job
   * as it is by then.
   */
  async submitAndWait(
    newJob: NewJob,
    { waitMs, signal }: { waitMs: number; signal: AbortSignal },
  ): Promise<{ job: Job; ended: boolean }> {
    const jobId = newJob.jobId ?? this.#newJobId();
    using end = new PendingEnd(this.#ends, jobId);
    const queued = await this.#submit({ ...newJob, jobId, replyTo: this.#ends.channel });
    const until = performance.now() + waitMs;
    for (;;) {
      const left = until - performance.now();
      const event = signal.aborted || left <= 0 ? null : await end.next(signal, Math.min(left, RECHECK_MS));
      if (event !== null)
        return { job: endedJob(jobId, queued, JSON.parse(event) as TerminalEvent), ended: true };
      const job = await this.#findOr(newJob.tenant, queuedJob(jobId, queued));
      if (isTerminal(job.status)) return { job, ended: true };
      if (signal.aborted || performance.now() >= until) return { job, ended: false };
    }
  }

  /** The same, with a follower of its log from the first event on. The caller disposes of the follower. */
  async submitAndFollow(newJob: NewJob): Promise<{ job: Job; follower: LogFollower }> {
    const jobId = newJob.jobId ?? this.#newJobId();
    const follower = this.#followLog({ jobId, after: 0, fresh: true });
    try {
      const queued = await this.#submit({ ...newJob, jobId, followed: true });
      follower.created();
      return { job: queuedJob(jobId, queued), follower };
    } catch (error) {
      follower[Symbol.dispose]();
      throw error;
    }
  }

  /** Null when this tenant has no such job. */
  find(tenant: string, jobId: string): Promise<JobSnapshot | null> {
    return this.#answer(async () => {
      if (!isJobId(jobId)) return null;
      const log = this.#keys.log(jobId);
      const record = this.#keys.record(jobId);
      const pipeline = this.#redis.pipeline().hgetall(record).llen(log).lindex(log, 0).lindex(log, -1);
      return snapshot(jobId, tenant, pipelineReplies(await pipeline.exec()));
    });
  }

  /** See {@link JobControl.cancel}. */
  cancel(tenant: string, jobId: string): Promise<{ job: Job; requested: boolean } | null> {
    return this.#answer(() => this.#control.cancel(tenant, jobId));
  }

  /** See {@link JobControl.approvalCall}. */
  approvalCall(jobId: string, toolCallId: string): Promise<{ tool: string } | null> {
    return this.#answer(() => this.#control.approvalCall(jobId, toolCallId));
  }

  /** See {@link JobControl.decideApproval}. */
  decideApproval(
    tenant: string,
    jobId: string,
    toolCallId: string,
    request: ApprovalRequest,
  ): Promise<ApprovalAnswer | null> {
    return this.#answer(() => this.#control.decideApproval(tenant, jobId, toolCallId, request));
  }

  /** See {@link JobControl.conversation}. */
  conversation(tenant: string, jobId: string): Promise<ConversationMessage[] | "not_usable" | null> {
    return this.#answer(() => this.#control.conversation(tenant, jobId));
  }

  /** Where the log stands; null when this tenant has no such job. */
  logHead(tenant: string, jobId: string): Promise<LogHead | null> {
    return this.#answer(async () => {
      const head = isJobId(jobId) ? await this.#log.head(jobId) : null;
      return head?.record.tenant === tenant ? head : null;
    });
  }

  /** A page of the log after an id. The caller has made sure that the job is the tenant's. */
  readLog(jobId: string, after: number, limit: number): Promise<LogEvent[]> {
    return this.#answer(() => this.#log.read(jobId, after, limit));
  }

  /** Follows the log after an id. The caller has made sure that the job is the tenant's, and disposes of it. */
  follow(jobId: string, after: number): LogFollower {
    return this.#followLog({ jobId, after });
  }

  /** The tenant's jobs, newest first. */
  list(tenant: string, filter: JobFilter): Promise<JobPage> {
    return this.#answer(() => this.#index.list(tenant, filter));
  }

  /** The live workers and what they report; at most a second old. */
  async fleet(): Promise<FleetView> {
    return this.#fleet.recent ?? (await this.#answer(() => this.#fleet.read()));
  }

  /** Rejects unless Redis answers. */
  async ping(): Promise<void> {
    await this.#answer(() => this.#redis.ping());
  }

  async close(): Promise<void> {
    await this.#writer.flush();
    await this.#queues.close();
    await Promise.all([closeConnection(this.#redis), closeConnection(this.#subscriber)]);
  }

  /** The job as it is now; as it was when it cannot be read. An accepted job is never answered with an error. */
  async #findOr(tenant: string, job: Job): Promise<Job> {
    try {
      return (await this.find(tenant, job.id))?.job ?? job;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return job;
    }
  }

  #submit(submission: Submission): Promise<QueuedEvent> {
    return this.#answer(() => this.#writer.submit(submission));
  }

  #newJobId(): string {
    return this.#nextJobId(this.#clock.now());
  }

  #followLog(options: FollowOptions): LogFollower {
    return new LogFollower({ log: this.#log, subscriptions: this.#subscriptions, keys: this.#keys }, options);
  }
}

/** Opens the store. Never fails: while Redis is away its methods do. */
export function createJobStore(options: JobStoreOptions): JobStore {
  return new JobStore(options);
}
