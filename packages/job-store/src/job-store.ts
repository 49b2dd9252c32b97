import type { Job, JobPage, JobRequest } from "@millrace/contracts";
import { systemClock, type Clock } from "./clock.ts";
import { closeConnection, openConnection } from "./connection.ts";
import { EventLog, type LogEvent, type LogHead } from "./event-log.ts";
import { FleetReader } from "./fleet-reader.ts";
import type { FleetView } from "./fleet-view.ts";
import { createJobIds, isJobId } from "./job-id.ts";
import { JobIndex, type JobFilter } from "./job-index.ts";
import { JobQueues } from "./job-queues.ts";
import { createKeys, type Keys } from "./keys.ts";
import { LogFollower } from "./log-follower.ts";
import { LogSubscriptions } from "./log-subscriptions.ts";
import type { Logger } from "./logger.ts";
import { jobView, parseRecord } from "./record.ts";
import { submitJob } from "./submission.ts";
import { pipelineReplies, withStore } from "./unavailable.ts";

export interface JobStoreOptions {
  redisUrl: string;
  /** Separates installations that share one Redis. */
  keyPrefix: string;
  /** Retention of a job that names none, in seconds. */
  retentionSeconds: number;
  logger: Logger;
  clock?: Clock;
}

/** A job as it is now, and the length of its log at that moment. */
export interface JobSnapshot {
  job: Job;
  logLength: number;
}

export type JobStore = ReturnType<typeof createJobStore>;

/**
 * Jobs, as a process that takes requests needs them: submit, look up, follow. Two connections, however many
 * requests. Every method rejects with `StoreUnavailableError` within about 2 s while Redis is away.
 *
 * A job is visible to the tenant that submitted it; to others it does not exist.
 */
export function createJobStore({
  redisUrl,
  keyPrefix,
  retentionSeconds,
  logger,
  clock = systemClock,
}: JobStoreOptions) {
  const redis = openConnection({ url: redisUrl, role: "request", name: `${keyPrefix}:api`, logger });
  const subscriber = openConnection({
    url: redisUrl,
    role: "subscriber",
    name: `${keyPrefix}:api:events`,
    logger,
  });
  const keys = createKeys(keyPrefix);
  const queues = new JobQueues(redis, keys, logger);
  const log = new EventLog(redis, keys);
  const index = new JobIndex(redis, keys);
  const subscriptions = new LogSubscriptions(subscriber, keys);
  const fleet = new FleetReader(redis, keys, subscriptions);
  const nextJobId = createJobIds();
  const submission = { keys, queues, clock, retentionSeconds };

  return {
    /** Accepts a job: when this resolves, it will reach an outcome. */
    submit: (tenant: string, request: JobRequest): Promise<Job> =>
      withStore(() => submitJob({ jobId: nextJobId(clock.now()), tenant, request }, submission)),

    /** The same, with a follower of its log from the first event on. The caller disposes of the follower. */
    submitAndFollow: (tenant: string, request: JobRequest): Promise<{ job: Job; follower: LogFollower }> =>
      withStore(async () => {
        const jobId = nextJobId(clock.now());
        const follower = new LogFollower(log, subscriptions, { jobId, after: 0, fresh: true });
        try {
          const submitted = submitJob({ jobId, tenant, request }, submission);
          await follower.ready(submitted);
          return { job: await submitted, follower };
        } catch (error) {
          follower[Symbol.dispose]();
          throw error;
        }
      }),

    /** Null when this tenant has no such job. */
    find: (tenant: string, jobId: string): Promise<JobSnapshot | null> =>
      withStore(() => findJob(jobId, tenant, { redis, keys })),

    /** Where the log stands; null when this tenant has no such job. */
    logHead: (tenant: string, jobId: string): Promise<LogHead | null> =>
      withStore(async () => {
        const head = isJobId(jobId) ? await log.head(jobId) : null;
        return head?.record.tenant === tenant ? head : null;
      }),

    /** A page of the log after an id. The caller has made sure that the job is the tenant's. */
    readLog: (jobId: string, after: number, limit: number): Promise<LogEvent[]> =>
      withStore(() => log.read(jobId, after, limit)),

    /** Follows the log after an id. The caller has made sure that the job is the tenant's, and disposes of it. */
    follow: (jobId: string, after: number): LogFollower =>
      new LogFollower(log, subscriptions, { jobId, after }),

    list: (tenant: string, filter: JobFilter): Promise<JobPage> =>
      withStore(() => index.list(tenant, filter)),

    fleet: (): Promise<FleetView> => withStore(() => fleet.view()),

    /** Rejects unless Redis answers. */
    ping: (): Promise<unknown> => withStore(() => redis.ping()),

    close: async (): Promise<void> => {
      await queues.close();
      await Promise.all([closeConnection(redis), closeConnection(subscriber)]);
    },
  };
}

async function findJob(
  jobId: string,
  tenant: string,
  { redis, keys }: { redis: ReturnType<typeof openConnection>; keys: Keys },
): Promise<JobSnapshot | null> {
  if (!isJobId(jobId)) return null;
  const logKey = keys.log(jobId);
  const pipeline = redis
    .pipeline()
    .hgetall(keys.record(jobId))
    .llen(logKey)
    .lindex(logKey, 0)
    .lindex(logKey, -1);
  const [hash, length, first, last] = pipelineReplies(await pipeline.exec());
  const record = parseRecord(hash as Record<string, string>);
  if (record?.tenant !== tenant || typeof first !== "string" || typeof last !== "string") return null;
  return { job: jobView(jobId, record, first, last), logLength: length as number };
}

/** Messages may be lost, so a waiting reader looks at the log this often, in milliseconds. */
const RECHECK_MS = 15_000;

/** Waits for the job to end, `waitMs` at most; null when the time is over or `signal` aborts first. */
export function waitForEnd(follower: LogFollower, signal: AbortSignal, waitMs: number): Promise<Job | null> {
  return withStore(async () => {
    const until = performance.now() + waitMs;
    while (!signal.aborted) {
      const left = until - performance.now();
      if (left <= 0) break;
      const events = await follower.next(signal, Math.min(left, RECHECK_MS));
      const last = events.at(-1);
      if (last?.terminal) return (JSON.parse(last.json) as { job: Job }).job;
      if (!last) follower.recheck();
    }
    return null;
  });
}
