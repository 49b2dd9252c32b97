import {
  createIORedisClient,
  ErrorCode,
  Job,
  type IRedisClient,
  type IRedisTransaction,
  type Queue,
} from "bullmq";
import type { Redis } from "ioredis";
import { JobType, type JobRequest } from "@millrace/contracts";
import { RESUMED_PRIORITY } from "./admission/place.ts";
import { openQueue } from "./bullmq/open-queue.ts";
import { UNTIL_DONE } from "./bullmq/until-done.ts";
import type { Keys } from "./keys.ts";
import type { Logger } from "./logger.ts";
import { entryId, type QueueEntry } from "./queue-entry.ts";
import { pipelineReplies } from "./redis/pipeline-replies.ts";

/** What BullMQ keeps of a job. The request is there when it is small, which saves the worker a read. */
export interface QueuedJobData {
  tenant: string;
  generation: number;
  request?: JobRequest;
}

/** What is kept of a job that is not due yet. */
export interface DueJobData extends QueueEntry {
  tenant: string;
  type: JobType;
  /** The user's, 0 … 10. */
  priority: number;
}

/** A job that goes into its queue. */
export interface NewEntry {
  tenant: string;
  type: JobType;
  entry: QueueEntry;
  /** As BullMQ counts it, not the user's 0 … 10. */
  priority: number;
  /** Given when it is small enough for {@link QueuedJobData}. */
  request?: JobRequest | undefined;
}

/** `delayed`: it is parked, or waits for its next attempt. `elsewhere`: it runs. */
export type EntryPlace = "missing" | "waiting" | "delayed" | "elsewhere";

/** The oldest waiting job is looked for among this many: those that go first. */
const DEPTH_LOOK = 1_000;

/** BullMQ rejects for an entry that is gone. */
function unlessGone(error: Error & { code?: unknown }): void {
  if (error.code !== ErrorCode.JobNotExist) throw error;
}

/** The queue of jobs that are not due yet. */
export const DUE = "due";

/**
 * The BullMQ queues: one for each kind of work, and one in which jobs wait that are not due yet. BullMQ executes; the
 * records decide.
 */
export class JobQueues {
  readonly #client: IRedisClient;
  readonly #queues: ReadonlyMap<JobType, Queue<QueuedJobData>>;
  readonly #due: Queue<DueJobData>;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    const options = { redis, keys, logger };
    this.#queues = new Map(JobType.options.map((type) => [type, openQueue(type, options)]));
    this.#due = openQueue(DUE, options);
    this.#client = createIORedisClient(redis);
  }

  /** A pipeline that takes BullMQ's commands as well as ours. */
  pipeline(): IRedisTransaction {
    return this.#client.pipeline();
  }

  /**
   * Puts an admitted job into its queue, as part of a pipeline; resolves once the command is in it. A job that is in the
   * queue already stays as it is.
   */
  async add(
    pipeline: IRedisTransaction,
    { tenant, type, entry, priority, request }: NewEntry,
  ): Promise<void> {
    const jobId = entryId(entry);
    const data = { tenant, generation: entry.generation, ...(request ? { request } : {}) };
    const options = { jobId, priority, ...UNTIL_DONE };
    await new Job(this.#queue(type), type, data, options, jobId).addJob(pipeline);
  }

  /** Lets a job wait until it is due, as part of a pipeline. */
  async addDue(
    pipeline: IRedisTransaction,
    { entry, delayMs, tenant, type, priority }: Omit<NewEntry, "request"> & { delayMs: number },
  ): Promise<void> {
    const jobId = entryId(entry);
    const options = { jobId, delay: delayMs, ...UNTIL_DONE };
    await new Job(this.#due, DUE, { ...entry, tenant, type, priority }, options, jobId).addJob(pipeline);
  }

  /**
   * Lets go of a job that a worker of this process runs, until `until` (ms since 1970): then it starts before all new
   * ones if it was parked, and as it stood if it waits for its next attempt.
   */
  async park(
    job: Job<QueuedJobData>,
    { until, status }: { until: number; status: "parked" | "queued" },
    token: string | undefined,
  ): Promise<void> {
    // A flood of jobs that fail and are tried again would stand before everybody's.
    if (status === "parked") await job.changePriority({ priority: RESUMED_PRIORITY });
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
    await Promise.all([this.#queue(type).remove(entryId(entry)), this.#due.remove(entryId(entry))]);
  }

  /** Where each of the entries is. */
  async look(type: JobType, entries: readonly QueueEntry[]): Promise<EntryPlace[]> {
    if (entries.length === 0) return [];
    const { keys } = this.#queue(type);
    const pipeline = this.#client.pipeline();
    for (const entry of entries) {
      pipeline.runCommand("exists", [this.#queue(type).toKey(entryId(entry))]);
      pipeline.runCommand("zscore", [keys["prioritized"] ?? "", entryId(entry)]);
      pipeline.runCommand("zscore", [keys["delayed"] ?? "", entryId(entry)]);
    }
    const replies = pipelineReplies(await pipeline.exec());
    return entries.map((_, index) => {
      const [exists, waitingAt, delayedTo] = replies.slice(index * 3, index * 3 + 3);
      if (exists !== 1) return "missing";
      if (waitingAt !== null) return "waiting";
      return delayedTo === null ? "elsewhere" : "delayed";
    });
  }

  /**
   * Gives waiting jobs another priority: in this order, they go behind all that have the same one. One that runs, or is
   * gone, stays as it is.
   */
  async move(type: JobType, moved: readonly { entry: QueueEntry; priority: number }[]): Promise<void> {
    const queue = this.#queue(type);
    const changes = moved.map(async ({ entry, priority }) => {
      const jobId = entryId(entry);
      const job = new Job<QueuedJobData>(queue, type, { tenant: "", generation: 0 }, { jobId }, jobId);
      await job.changePriority({ priority }).catch(unlessGone);
    });
    await Promise.all(changes);
  }

  /**
   * `waiting`: jobs that wait in BullMQ for a worker. `oldestSince`: when the oldest of them came that has never been
   * started, in milliseconds since 1970. `parked`: jobs that are parked or between two attempts.
   */
  async depth(type: JobType): Promise<{ waiting: number; oldestSince: number | null; parked: number }> {
    const { keys } = this.#queue(type);
    const pipeline = this.#client.pipeline();
    pipeline.runCommand("zrange", [keys["prioritized"] ?? "", 0, DEPTH_LOOK - 1]);
    pipeline.runCommand("zcard", [keys["prioritized"] ?? ""]);
    pipeline.runCommand("lrange", [keys["wait"] ?? "", -DEPTH_LOOK, -1]);
    pipeline.runCommand("llen", [keys["wait"] ?? ""]);
    pipeline.runCommand("zcard", [keys["delayed"] ?? ""]);
    const [prioritized, count, handed, length, parked] = pipelineReplies(await pipeline.exec()) as [
      string[],
      number,
      string[],
      number,
      number,
    ];
    const oldestSince = await this.#oldestSince(type, [...prioritized, ...handed]);
    return { waiting: count + length, oldestSince, parked };
  }

  /** An entry that was started and came back keeps its time, so only those that never were count. */
  async #oldestSince(type: JobType, ids: readonly string[]): Promise<number | null> {
    if (ids.length === 0) return null;
    const pipeline = this.#client.pipeline();
    for (const id of ids) pipeline.runCommand("hmget", [this.#queue(type).toKey(id), "timestamp", "ats"]);
    const entries = pipelineReplies(await pipeline.exec()) as [string | null, string | null][];
    const times = entries.flatMap(([timestamp, starts]) =>
      timestamp !== null && Number(starts ?? 0) === 0 ? [Number(timestamp)] : [],
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  #queue(type: JobType): Queue<QueuedJobData> {
    const queue = this.#queues.get(type);
    if (!queue) throw new Error(`There is no queue for ${type} jobs`);
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values(), this.#due].map((queue) => queue.close()));
  }
}
