import { DEFAULT_PRIORITY } from "@millrace/contracts";
import type { IRedisTransaction } from "bullmq";
import type { Redis } from "ioredis";
import type { JobQueues } from "../job-queues.ts";
import { entryId, parseEntryId, type QueueEntry } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import type { EnterReply, PlacesReply } from "../scripts.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import type { FleetCapacity } from "./fleet-capacity.ts";
import type { Gate } from "./gate.ts";
import type { LineName } from "./line-name.ts";
import { queuePriority } from "./place.ts";
import type { LimitsOf, TenantLimits } from "./tenant-limits.ts";

/** A job that comes in. */
export interface Entering {
  entry: QueueEntry;
  /** The user's, 0 … 10. */
  priority: number;
  gate?: Gate | undefined;
}

/** A job that goes out. */
export interface Leaving extends QueueEntry {
  /** It has not ended: it waits for something, and runs again. */
  comesBack?: boolean;
}

/** A job that has been admitted: it belongs into BullMQ now, or has a new place there. */
export interface PlacedJob {
  entry: QueueEntry;
  /** As BullMQ counts it, not the user's 0 … 10. */
  priority: number;
}

/**
 * How jobs come in. `wait`: they join the line, and as many are admitted as there is room for. `now`: all are
 * admitted. `later`: they are not due yet, and only count.
 */
export type EnterMode = "wait" | "now" | "later";

export interface AdmissionOptions {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  capacity: FleetCapacity;
  /** Only an api has it; without it, the limits that the submitting api has stored count. */
  limitsOf?: LimitsOf | undefined;
}

/**
 * Decides which jobs go into BullMQ. Each key has a line for each kind of work, in Redis, and a window: how many of its
 * jobs are in BullMQ at most.
 *
 *     submit ──→ at a gate ──→ in line ── there is room ──→ admitted, and in BullMQ ── ends, parks ──→ gone
 *                 (only jobs     ↑                                  ↑
 *                  of a batch)   └── due ── later                   └── comes back from parking
 *
 * The scripts (`scripts/line.lua` says what is stored) change a line; what they admit is added to BullMQ afterwards, by
 * whoever has called them. A job that its caller did not come to add is added by the sweeper.
 */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** How many of the key's jobs may be in BullMQ, as far as its limits are known here. */
  windowOf({ tenant, type }: LineName): number {
    const { capacity, limitsOf } = this.#options;
    const { weight = 1, maxRunning = null } = limitsOf?.(tenant) ?? {};
    return Math.max(1, Math.min(Math.ceil(capacity.room(type) * weight), maxRunning ?? Infinity));
  }

  /** `remembered` are limits of an earlier day, for a process that knows none of today. */
  maxQueuedOf({ tenant }: LineName, remembered?: TenantLimits): number {
    const limits = this.#options.limitsOf?.(tenant) ?? remembered;
    return limits?.maxQueued ?? Infinity;
  }

  /** Whether the line has to say how many more may run: a cap holds, or is not known here. */
  mustAsk({ tenant }: LineName): boolean {
    return this.#options.limitsOf === undefined || this.#options.limitsOf(tenant).maxRunning !== null;
  }

  weightOf({ tenant }: LineName): number {
    return this.#options.limitsOf?.(tenant).weight ?? 1;
  }

  /**
   * The parameters of the script that lets jobs in. `bounded`: beyond the key's cap they are refused. `remembered` are
   * limits of an earlier day, for a process that knows none of today: those that the line knows go before them.
   */
  enterParameters(
    line: LineName,
    mode: EnterMode,
    jobs: readonly Entering[],
    { bounded, remembered }: { bounded: boolean; remembered?: TenantLimits | undefined },
  ): (string | number)[] {
    const { keys, capacity, limitsOf } = this.#options;
    const current = limitsOf?.(line.tenant);
    const limits = current ?? remembered;
    return [
      keys.line(line.type, line.tenant).line,
      capacity.room(line.type),
      mode,
      limits?.weight ?? "",
      limits?.maxRunning ?? "",
      bounded && limits ? limits.maxQueued : "",
      current ? 0 : 1,
      ...jobs.flatMap(({ entry, priority, gate }) => [
        entryId(entry),
        priority,
        gate ? `${gate.limit} ${gate.id}` : "",
      ]),
    ];
  }

  /** Lets jobs in that have been accepted before, whatever the key's cap, and adds to BullMQ what is admitted. */
  async enter(line: LineName, jobs: readonly Entering[]): Promise<void> {
    if (jobs.length === 0) return;
    const { queues } = this.#options;
    const pipeline = queues.pipeline();
    pipeline.runCommand("millraceEnter", this.enterParameters(line, "wait", jobs, { bounded: false }));
    const [reply] = pipelineReplies(await pipeline.exec()) as [EnterReply];
    const [, , , , , fed, moved] = reply;
    await this.add(line, placedJobs(fed));
    await this.move(line, placedJobs(moved));
  }

  /** Lets a job in that is due later. */
  async enterLater(line: LineName, job: Entering, delayMs: number): Promise<void> {
    const pipeline = this.#options.queues.pipeline();
    pipeline.runCommand("millraceEnter", this.enterParameters(line, "later", [job], { bounded: false }));
    await this.#options.queues.addDue(pipeline, { ...line, ...job, delayMs });
    pipelineReplies(await pipeline.exec());
  }

  /**
   * Takes jobs out that have ended or are parked, counts those that come back, and feeds the line: when many places are
   * free, or with `all` when any is.
   */
  async leave(
    line: LineName,
    { gone, back = [] }: { gone: readonly Leaving[]; back?: readonly QueueEntry[] },
    feed: "low" | "all" = "low",
  ): Promise<number> {
    const { redis, keys, capacity } = this.#options;
    const pausing = gone.filter(({ comesBack }) => comesBack === true);
    const ended = gone.filter(({ comesBack }) => comesBack !== true);
    const [fed, moved] = await redis.millraceLeave(
      keys.line(line.type, line.tenant).line,
      capacity.room(line.type),
      feed,
      back.length,
      pausing.length,
      ...[...back, ...pausing, ...ended].map(entryId),
    );
    const jobs = placedJobs(fed);
    await this.add(line, jobs);
    await this.move(line, placedJobs(moved));
    return jobs.length;
  }

  /** Adds admitted jobs to BullMQ; one that is there already stays as it is. */
  async add(line: LineName, fed: readonly PlacedJob[]): Promise<void> {
    if (fed.length === 0) return;
    const pipeline = this.#options.queues.pipeline();
    for (const job of fed) await this.addOne(pipeline, line, job);
    pipelineReplies(await pipeline.exec());
  }

  /** Puts one admitted job into its queue, as part of a pipeline, without its request: the claim reads that. */
  addOne(pipeline: IRedisTransaction, line: LineName, { entry, priority }: PlacedJob): Promise<void> {
    return this.#options.queues.add(pipeline, { ...line, entry, priority });
  }

  /**
   * Lets jobs that are in BullMQ stand behind those of their key that were added meanwhile. Never rejects: all have been
   * accepted, and are in. Where this is cut off, some start later than they might, until the sweeper hastens them.
   */
  async move({ type }: LineName, moved: readonly PlacedJob[]): Promise<void> {
    if (moved.length > 0) await this.#options.queues.move(type, moved).catch(() => undefined);
  }
}

/** The jobs of a script's reply, each with its priority in BullMQ. */
export function placedJobs(reply: PlacesReply): PlacedJob[] {
  const jobs: PlacedJob[] = [];
  for (let position = 0; position < reply.length; position += 3) {
    const [id, , place] = reply.slice(position, position + 3);
    jobs.push({ entry: parseEntryId(String(id)), priority: queuePriority(Number(place)) });
  }
  return jobs;
}

/** The user's priority of a job, 0 … 10. */
export function priorityOf({ priority = DEFAULT_PRIORITY }: { priority?: number | undefined }): number {
  return priority;
}
