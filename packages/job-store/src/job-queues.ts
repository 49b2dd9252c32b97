import {
  createIORedisClient,
  Job,
  Queue,
  type IRedisClient,
  type IRedisTransaction,
  type JobsOptions,
} from "bullmq";
import type { Redis } from "ioredis";
import { DEFAULT_PRIORITY, JobType, type JobRequest } from "@millrace/contracts";
import type { Keys } from "./keys.ts";
import type { Logger } from "./logger.ts";

/**
 * A job's entry in its queue. Each generation has one of its own: a job may be retried while BullMQ has not yet dropped
 * the entry of the attempt that ended, and a second entry of one id would be ignored.
 */
export interface QueueEntry {
  jobId: string;
  generation: number;
}

/** BullMQ's id of an entry; a job's own id until it has been retried. */
function entryId({ jobId, generation }: QueueEntry): string {
  return generation === 0 ? jobId : `${jobId}.${generation}`;
}

/** The job of an entry, by BullMQ's id. */
export function jobIdOf(id: string | undefined): string {
  return id?.split(".")[0] ?? "";
}

/** What travels with BullMQ: the id, and the request when it is small, which saves the worker a read. */
export interface QueuedJobData {
  generation: number;
  request?: JobRequest;
}

/**
 * A processor that throws has not finished its job: a failed job is an outcome like any other, written to its
 * record. So BullMQ starts it again, for ever, a second later, and never decides that it has failed.
 */
const START_AGAIN: JobsOptions = { attempts: 1e9, backoff: 1_000, stackTraceLimit: 1 };

/** BullMQ's own event stream is read by nobody here; its default keeps 10,000 entries. */
const EVENT_STREAM_LENGTH = 100;

/** For jobs that come back from parking. */
const RESUMED_PRIORITY = 1;

/**
 * BullMQ priority of a new job. {@link RESUMED_PRIORITY} stays free, and none may go without a priority, because
 * BullMQ runs those first. User priorities 0…10 become 2…12.
 */
function queuePriority(request: JobRequest): number {
  return (request.priority ?? DEFAULT_PRIORITY) + 2;
}

/** The BullMQ queues, one for each kind of work. BullMQ executes; the records decide. */
export class JobQueues {
  readonly #client: IRedisClient;
  readonly #queues: ReadonlyMap<JobType, Queue<QueuedJobData>>;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#queues = new Map(JobType.options.map((type) => [type, openQueue(type, redis, keys, logger)]));
    this.#client = createIORedisClient(redis);
  }

  /** A pipeline that takes BullMQ's commands as well as ours. */
  pipeline(): IRedisTransaction {
    return this.#client.pipeline();
  }

  /**
   * Puts a job into its queue, as part of a pipeline; resolves once the command is in it. A job that is in the
   * queue already stays as it is. `travels`: the request goes along, and the claim need not read it.
   */
  async add(
    pipeline: IRedisTransaction,
    entry: QueueEntry,
    request: JobRequest,
    { travels }: { travels: boolean },
  ): Promise<void> {
    const queue = this.#queue(request.type);
    const jobId = entryId(entry);
    const data: QueuedJobData = { generation: entry.generation, ...(travels ? { request } : {}) };
    const options: JobsOptions = {
      jobId,
      priority: queuePriority(request),
      removeOnComplete: true,
      removeOnFail: true,
      ...START_AGAIN,
      ...(request.delay_ms && entry.generation === 0 ? { delay: request.delay_ms } : {}),
    };
    await new Job(queue, request.type, data, options, jobId).addJob(pipeline);
  }

  /** Lets go of a job that a worker of this process runs, until `until` (ms since 1970): then it starts before all new ones. */
  async park(job: Job<QueuedJobData>, until: number, token: string | undefined): Promise<void> {
    await job.changePriority({ priority: RESUMED_PRIORITY });
    await job.moveToDelayed(until, token);
  }

  /**
   * Starts a parked job now. One that is not delayed any more, or not yet, stays as it is: who parks a job looks at
   * its record afterwards.
   */
  async wake(type: JobType, entry: QueueEntry): Promise<void> {
    const job = await this.#queue(type).getJob(entryId(entry));
    if (!job || !(await job.isDelayed())) return;
    try {
      await job.promote();
    } catch (error) {
      // Somebody else has woken it meanwhile, or it has gone.
      if (await job.isDelayed()) throw error;
    }
  }

  /** Takes a job out of its queue. One that runs stays; its claim is refused once its record has ended. */
  async remove(type: JobType, entry: QueueEntry): Promise<void> {
    await this.#queue(type).remove(entryId(entry));
  }

  #queue(type: JobType): Queue<QueuedJobData> {
    const queue = this.#queues.get(type);
    if (!queue) throw new Error(`There is no queue for ${type} jobs`);
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }
}

function openQueue(type: JobType, redis: Redis, keys: Keys, logger: Logger): Queue<QueuedJobData> {
  const queue = new Queue<QueuedJobData>(type, {
    connection: redis,
    prefix: keys.queuePrefix(type),
    // Ready at once, so that a Redis that is away fails a submission instead of holding it.
    skipWaitingForReady: true,
    skipVersionCheck: true,
    streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
  });
  queue.on("error", (error) => logger.debug({ queue: type, reason: error.message }, "queue connection"));
  return queue;
}
