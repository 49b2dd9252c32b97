import { JobType } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { entryId, parseEntryId, type JobQueues, type QueueEntry } from "../job-queues.ts";
import type { Keys } from "../keys.ts";
import { redisNowMs } from "../redis/redis-now.ts";
import { pipelineReplies } from "../redis/unavailable.ts";
import type { Admission } from "./admission.ts";
import { readAdmittedScore } from "./admitted-score.ts";
import { EndedSweep } from "./ended-sweep.ts";
import type { LineName } from "./line-name.ts";
import { queuePriority } from "./place.ts";

/** Between its admission and its entry in BullMQ a job takes milliseconds. */
const CUT_OFF_AFTER_MS = 5_000;

/** A key of which nothing runs while its jobs have waited in BullMQ for so long is hastened. In milliseconds. */
const STARVED_AFTER_MS = 10_000;

/** Lines of one step: a pass over N lines takes N / 200 steps. */
const LINES_MAX = 200;

/** Admitted jobs that one step looks at, of each line, and after which it leaves the other lines to the next step. */
const ADMITTED_MAX = 2_000;
const LOOKS_MAX = 5_000;

export interface LineSweepOptions {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  admission: Admission;
}

/** An admitted entry, and for how long it has been that. */
interface Admitted {
  entry: QueueEntry;
  /** The user's. */
  priority: number;
  ageMs: number;
}

/**
 * Looks after the lines, some at each step: what a process that died between two commands has left undone.
 *
 * - Admitted, but not in BullMQ: it is added, or taken out when it has ended.
 * - Not due yet, or at a gate while it waits for something, and its end was not told: it is taken out
 *   ({@link EndedSweep}).
 * - There is room, and jobs wait in line: they are fed.
 * - A key's jobs wait in BullMQ behind those of others, and none of it runs: its oldest goes first, so that every key
 *   gets on.
 */
export class LineSweep {
  readonly #options: LineSweepOptions;
  readonly #ended: EndedSweep;
  #lines: LineName[] = [];

  constructor(options: LineSweepOptions) {
    this.#options = options;
    this.#ended = new EndedSweep(options);
  }

  /** Returns how many jobs it has put back into BullMQ. */
  async step(): Promise<number> {
    const { redis, keys } = this.#options;
    if (this.#lines.length === 0) {
      const tenants = await redis.smembers(keys.tenants);
      this.#lines = tenants.flatMap((tenant) => JobType.options.map((type) => ({ tenant, type })));
    }
    const lines = this.#lines.splice(0, LINES_MAX);
    const now = await redisNowMs(redis);
    const busy = await this.#busy(lines);
    let added = 0;
    let looked = 0;
    while (busy.length > 0 && looked < LOOKS_MAX) {
      const line = busy.shift() as LineName;
      const admitted = await this.#admitted(line, now);
      looked += admitted.length;
      added += await this.#sweep(line, admitted);
    }
    this.#lines.unshift(...busy);
    return added;
  }

  /** Those that have jobs at all. */
  async #busy(lines: readonly LineName[]): Promise<LineName[]> {
    if (lines.length === 0) return [];
    const { redis, keys } = this.#options;
    const pipeline = redis.pipeline();
    for (const { type, tenant } of lines) {
      const { line, admitted, later, gates } = keys.line(type, tenant);
      pipeline.exists(line, admitted, later, gates);
    }
    const replies = pipelineReplies(await pipeline.exec());
    return lines.filter((_, index) => replies[index] !== 0);
  }

  async #sweep(line: LineName, admitted: readonly Admitted[]): Promise<number> {
    const { queues, admission } = this.#options;
    const places = await queues.look(
      line.type,
      admitted.map(({ entry }) => entry),
    );
    const missing = admitted.filter(
      ({ ageMs }, index) => places[index] === "missing" && ageMs > CUT_OFF_AFTER_MS,
    );
    const { lost, ended } = await this.#judge(missing);
    await admission.add(
      line,
      lost.map(({ entry, priority }) => ({ entry, priority: queuePriority(priority, 0) })),
    );
    const gone = [...ended.map(({ entry }) => entry), ...(await this.#ended.step(line))];
    await admission.leave(line, { gone }, "all");
    const waiting = admitted.filter((_, index) => places[index] === "waiting");
    if (!places.includes("elsewhere")) await this.#hasten(line, waiting);
    return lost.length;
  }

  async #admitted({ type, tenant }: LineName, now: number): Promise<Admitted[]> {
    const { redis, keys } = this.#options;
    const key = keys.line(type, tenant).admitted;
    const reply = await redis.zrange(key, "0", String(ADMITTED_MAX - 1), "WITHSCORES");
    const admitted: Admitted[] = [];
    for (let index = 0; index < reply.length; index += 2) {
      const { priority, admittedAt } = readAdmittedScore(Number(reply[index + 1]));
      admitted.push({ entry: parseEntryId(reply[index] ?? ""), priority, ageMs: now - admittedAt });
    }
    return admitted;
  }

  /** A job without an entry in BullMQ has lost it if it is queued; otherwise it has ended, or left BullMQ meanwhile. */
  async #judge(missing: readonly Admitted[]): Promise<{ lost: Admitted[]; ended: Admitted[] }> {
    if (missing.length === 0) return { lost: [], ended: [] };
    const { redis, keys } = this.#options;
    const pipeline = redis.pipeline();
    for (const { entry } of missing) pipeline.hmget(keys.record(entry.jobId), "status", "generation");
    const replies = pipelineReplies(await pipeline.exec()) as [string | null, string | null][];
    const isLost = ({ entry }: Admitted, index: number): boolean => {
      const [status, generation] = replies[index] ?? [];
      return status === "queued" && Number(generation) === entry.generation;
    };
    return { lost: missing.filter(isLost), ended: missing.filter((job, index) => !isLost(job, index)) };
  }

  async #hasten({ type }: LineName, waiting: readonly Admitted[]): Promise<void> {
    const starved = waiting.filter(({ ageMs }) => ageMs > STARVED_AFTER_MS);
    const [oldest] = starved.toSorted(
      (a, b) => b.ageMs - a.ageMs || entryId(a.entry).localeCompare(entryId(b.entry)),
    );
    if (oldest) await this.#options.queues.hasten(type, oldest.entry);
  }
}
