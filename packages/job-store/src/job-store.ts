import type { Job, JobPage } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { LineUsage } from "./admission/line-usage.ts";
import { createLines, type Lines } from "./admission/lines.ts";
import { DEFAULT_LIMITS, type LimitsOf } from "./admission/tenant-limits.ts";
import { createBatches, type Batches } from "./batches/batches.ts";
import { ChannelSubscriptions } from "./redis/channel-subscriptions.ts";
import { RedisClock } from "./clock.ts";
import { closeConnection, firstAttempt, keepPipelinesLean, openConnection } from "./redis/connection.ts";
import type { LogEvent, LogHead } from "./reading/event-log.ts";
import { FleetReader } from "./fleet/fleet-reader.ts";
import { FleetRequester } from "./fleet/fleet-requests.ts";
import type { FleetView } from "./fleet/fleet-view.ts";
import { JobControl, type ApprovalAnswer } from "./control/job-control.ts";
import { createJobIds } from "./job-id.ts";
import { JobEnds, PendingEnd } from "./reading/job-ends.ts";
import type { JobFilter } from "./reading/job-index.ts";
import { JobReader } from "./reading/job-reader.ts";
import { JobQueues } from "./job-queues.ts";
import { JobRetry } from "./control/job-retry.ts";
import { createUnsweptTimeouts } from "./control/unswept-timeouts.ts";
import type { RepeatingTask } from "./repeating-task.ts";
import { queuedJob, type JobSnapshot } from "./reading/job-view.ts";
import { KeyedSubmissions } from "./submission/keyed-submissions.ts";
import { KeyReloads } from "./fleet/key-reloads.ts";
import { createKeys, type Keys } from "./keys.ts";
import type { LogFollower } from "./reading/log-follower.ts";
import type { Logger } from "./logger.ts";
import { checkRedisOnce } from "./redis/redis-check.ts";
import { RequestRates } from "./admission/request-rates.ts";
import type { NewJob, Submission } from "./submission/submission.ts";
import { SubmissionWriter } from "./submission/submission-writer.ts";
import { createSchedules, type Schedules } from "./schedules/schedules.ts";
import { Deliveries } from "./webhooks/deliveries.ts";
import { withStore, type Answer } from "./redis/answer.ts";
import type { Viewer } from "./reading/viewer.ts";
import { waitForSubmitted } from "./submission/wait-for-submitted.ts";

export interface JobStoreOptions {
  redisUrl: string;
  /** Separates installations that share one Redis. */
  keyPrefix: string;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
  logger: Logger;
  /** The limits of each key. Default: {@link DEFAULT_LIMITS} for all. */
  limitsOf?: LimitsOf;
}

/** The scripts that an api runs in pipelines: ours, those of the limits on requests (`rlflx`), and these of BullMQ. */
const USED_SCRIPTS =
  /^(millrace|rlflx|add\w+Job:|promote:|removeJob:|changePriority:|(add|get|remove)JobScheduler:)/;

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
  readonly requestRates: RequestRates;
  readonly schedules: Schedules;
  readonly deliveries: Deliveries;
  readonly keyReloads: KeyReloads;
  readonly batches: Batches;
  /** How many jobs wait and run. */
  readonly usage: LineUsage;
  /** A process that serves requests starts it. */
  readonly queueTimeouts: RepeatingTask;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #keys: Keys;
  readonly #ends: JobEnds;
  readonly #reader: JobReader;
  readonly #subscriptions: ChannelSubscriptions;
  readonly #fleet: FleetReader;
  /** Asks workers for what only they can do. */
  readonly requests: FleetRequester;
  readonly #queues: JobQueues;
  readonly #control: JobControl;
  readonly #lines: Lines;
  readonly #writer: SubmissionWriter;
  readonly #clock: RedisClock;
  readonly #nextJobId = createJobIds();
  /** A request that comes before the first connection stands waits for it instead of failing. */
  readonly #opened: Promise<void>;
  readonly #answer: Answer = (commands) => withStore(() => this.#opened.then(commands));

  constructor({
    redisUrl,
    keyPrefix,
    retentionSeconds,
    logger,
    limitsOf = () => DEFAULT_LIMITS,
  }: JobStoreOptions) {
    const connection = { url: redisUrl, logger };
    this.#redis = openConnection({ ...connection, role: "request", name: `${keyPrefix}:api` });
    this.#subscriber = openConnection({ ...connection, role: "subscriber", name: `${keyPrefix}:api:events` });
    this.#clock = new RedisClock(this.#redis);
    this.#keys = createKeys(keyPrefix);
    this.#subscriptions = new ChannelSubscriptions(this.#subscriber);
    this.#fleet = new FleetReader(this.#redis, this.#keys, this.#subscriptions);
    this.requests = new FleetRequester(this.#redis, this.#keys, this.#subscriptions, this.#fleet);
    this.#ends = new JobEnds(this.#subscriptions, this.#keys);
    this.#queues = new JobQueues(this.#redis, this.#keys, logger);
    const own = { redis: this.#redis, keys: this.#keys, queues: this.#queues };
    this.#lines = createLines({ ...own, logger, limitsOf });
    const shared = { ...own, ...this.#lines, clock: this.#clock };
    const answer = this.#answer;
    this.usage = new LineUsage({ ...shared, answer });
    this.#reader = new JobReader({ ...own, subscriptions: this.#subscriptions, answer });
    const { read } = this.#reader;
    this.#control = new JobControl({ ...shared, answer, read });
    this.queueTimeouts = createUnsweptTimeouts({ ...shared, logger });
    this.retries = new JobRetry({ ...shared, jobs: this.#reader });
    const newJobId = () => this.#newJobId();
    this.keyed = new KeyedSubmissions({ ...shared, retentionSeconds, store: this, answer, newJobId });
    this.#writer = new SubmissionWriter({ ...shared, retentionSeconds });
    const listening = { subscriptions: this.#subscriptions, control: this.#control };
    this.batches = createBatches({ ...shared, ...listening, retentionSeconds, answer, read, logger });
    this.keyReloads = new KeyReloads(this.#redis, this.#keys, this.#subscriptions, answer);
    const findOne = (viewer: Viewer, jobId: string) => this.find(viewer, jobId);
    this.deliveries = new Deliveries({ ...shared, answer, findJob: findOne });
    this.schedules = createSchedules({ ...shared, retentionSeconds, limitsOf, answer, logger });
    this.requestRates = new RequestRates(this.#redis, this.#keys, answer);
    keepPipelinesLean(this.#redis, (script) => USED_SCRIPTS.test(script));
    checkRedisOnce(this.#redis, logger);
    this.#opened = firstAttempt(this.#redis).then(() => this.#clock.measure());
  }

  /** Accepts a job: when this resolves, it will reach an outcome. */
  async submit(job: NewJob): Promise<Job> {
    const jobId = job.jobId ?? this.#newJobId();
    return queuedJob(jobId, await this.#submit({ ...job, jobId }));
  }

  /**
   * Submits a job and waits for its end, `waitMs` at most or until `signal` aborts. `ended` is false when it has not
   * ended by then; `job` is how it is then.
   */
  async submitAndWait(
    newJob: NewJob,
    { waitMs, signal }: { waitMs: number; signal: AbortSignal },
  ): Promise<{ job: Job; ended: boolean }> {
    const jobId = newJob.jobId ?? this.#newJobId();
    using end = new PendingEnd(this.#ends, jobId);
    const queued = await this.#submit({ ...newJob, jobId, replyTo: this.#ends.channel });
    const find = () => this.find(newJob.tenant, jobId);
    return await waitForSubmitted(jobId, queued, end, { waitMs, signal, find });
  }

  /** Submits a job and follows its log from the first event on. The caller disposes of the follower. */
  async submitAndFollow(newJob: NewJob): Promise<{ job: Job; follower: LogFollower }> {
    const jobId = newJob.jobId ?? this.#newJobId();
    const follower = this.#reader.follow({ jobId, after: 0, fresh: true });
    try {
      const queued = await this.#submit({ ...newJob, jobId, followed: true });
      follower.created();
      return { job: queuedJob(jobId, queued), follower };
    } catch (error) {
      follower[Symbol.dispose]();
      throw error;
    }
  }

  /** Null when the viewer has no such job. */
  find(viewer: Viewer, jobId: string): Promise<JobSnapshot | null> {
    return this.#reader.find(viewer, jobId);
  }

  /** See {@link JobControl.cancel}. */
  cancel(viewer: Viewer, jobId: string): Promise<{ job: Job; requested: boolean } | null> {
    return this.#control.cancel(viewer, jobId);
  }

  /** See {@link JobControl.decideApproval}. */
  decideApproval(...call: Parameters<JobControl["decideApproval"]>): Promise<ApprovalAnswer | null> {
    return this.#control.decideApproval(...call);
  }

  /** See {@link JobControl.conversation}. */
  conversation(viewer: Viewer, jobId: string, maxBytes: number): ReturnType<JobControl["conversation"]> {
    return this.#control.conversation(viewer, jobId, { maxBytes });
  }

  /** How long the log is, and whether the job has ended; null when the viewer has no such job. */
  logHead(viewer: Viewer, jobId: string): Promise<LogHead | null> {
    return this.#reader.logHead(viewer, jobId);
  }

  /** See {@link EventLog.eventsAfter}. The caller has made sure that the job is the viewer's. */
  readLog(jobId: string, after: number, limit: number): Promise<LogEvent[]> {
    return this.#reader.readLog(jobId, after, limit);
  }

  /** Follows the log after an id. The caller has made sure that the job is the viewer's, and disposes of it. */
  follow(jobId: string, after: number): LogFollower {
    return this.#reader.follow({ jobId, after });
  }

  /** The viewer's jobs, newest first. */
  list(viewer: Viewer, filter: JobFilter): Promise<JobPage> {
    return this.#reader.list(viewer, filter);
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
    await this.queueTimeouts.close();
    await this.batches.close();
    await this.#writer.flush();
    await this.#lines.departures.flush();
    await this.schedules.close();
    await this.#queues.close();
    await Promise.all([closeConnection(this.#redis), closeConnection(this.#subscriber)]);
  }

  #submit(submission: Submission): ReturnType<SubmissionWriter["submit"]> {
    return this.#answer(() => this.#writer.submit(submission));
  }

  #newJobId(): string {
    return this.#nextJobId(this.#clock.now());
  }
}

/** Opens the store. Never fails: while Redis is away its methods do. */
export function createJobStore(options: JobStoreOptions): JobStore {
  return new JobStore(options);
}
