import { isTerminal, JobType, type JobStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { JobQueues } from "../job-queues.ts";
import { entryId, parseEntryId, type QueueEntry } from "../queue-entry.ts";
import type { Keys } from "../keys.ts";
import { redisNowMs } from "../redis/redis-now.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import type { Admission, Leaving } from "./admission.ts";
import { readAdmittedAt } from "./admitted-score.ts";
import { EndedSweep } from "./ended-sweep.ts";
import type { LineName } from "./line-name.ts";
import { MissedEntries } from "./missed-entries.ts";
import { queuePriority, RESUMED_PRIORITY } from "./place.ts";

/** Between its admission and its entry in BullMQ a job takes milliseconds. */
const CUT_OFF_AFTER_MS = 5_000;

/** How long a key's jobs wait in BullMQ, while none of them runs, until its oldest goes first. In milliseconds. */
const STARVED_AFTER_MS = 10_000;

/** Lines of one step: a pass over N lines takes N / 200 steps. */
const LINES_MAX = 200;

/** How many admitted jobs one step looks at in each line. */
const ADMITTED_MAX = 2_000;

/** After this many admitted jobs a step leaves the other lines to the next one. */
const LOOKS_MAX = 5_000;

export interface LineSweepOptions {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  admission: Admission;
}

/** An admitted entry, and how long ago it was admitted. */
interface Admitted {
  entry: QueueEntry;
  ageMs: number;
}

/**
 * What became of admitted jobs without an entry in BullMQ. `lost`: no worker has had it. `cut`: one has begun it, and
 * its entry has been missing for long. `ended`: nothing is to be done.
 */
type Missing = Record<"lost" | "cut" | "ended", Admitted[]>;

/**
 * Looks after the lines, some at each step: what a process that died between two commands has left undone.
 *
 * - Admitted, but not in BullMQ: it is added, or taken out when it has ended. One that a worker has begun, and that
 *   BullMQ has forgotten since, as after a failover, gets an entry of the next generation, which takes the job over.
 * - Admitted, but parked in BullMQ, or waiting there for its next attempt: its line was not told, and it is taken out.
 * - Not due yet, or at a gate while it waits for something, and its end was not told: it is taken out
 *   ({@link EndedSweep}).
 * - There is room, and jobs wait in line: they are fed.
 * - A key's jobs wait in BullMQ behind those of others, and none of it runs: its oldest goes first, so that every key
 *   gets on.
 */
export class LineSweep {
  readonly #options: LineSweepOptions;
  readonly #ended: EndedSweep;
  readonly #missed = new MissedEntries();
  #lines: LineName[] = [];

  constructor(options: LineSweepOptions) {
    this.#options = options;
    this.#ended = new EndedSweep(options);
  }

  /** Returns how many jobs it has put back into BullMQ. */
  async step(): Promise<number> {
    const { redis, keys } = this.#options;
    if (this.#lines.length === 0) {
      this.#missed.beginPass();
      const tenants = await redis.smembers(keys.tenants);
      this.#lines = tenants.flatMap((tenant) => JobType.options.map((type) => ({ tenant, type })));
    }
    const lines = this.#lines.splice(0, LINES_MAX);
    const now = await redisNowMs(redis);
    const busy = await this.#busy(lines);
    let added = 0;
    let looked = 0;
    try {
      while (busy.length > 0 && looked < LOOKS_MAX) {
        const line = busy.shift() as LineName;
        const admitted = await this.#admitted(line, now);
        looked += admitted.length;
        added += await this.#sweep(line, admitted);
      }
    } finally {
      this.#lines.unshift(...busy);
    }
    return added;
  }

  /** Those of the lines that have jobs at all. */
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
    const { lost, cut, ended } = await this.#judge(missing);
    await admission.add(
      line,
      lost.map(({ entry }) => ({ entry, priority: queuePriority(0) })),
    );
    const back = cut.map(({ entry }) => ({ ...entry, generation: entry.generation + 1 }));
    const paused = admitted.filter((_, index) => places[index] === "delayed");
    const gone: Leaving[] = [
      ...[...cut, ...ended].map(({ entry }) => entry),
      ...(await this.#ended.step(line)),
      ...paused.map(({ entry }) => ({ ...entry, comesBack: true })),
    ];
    await admission.leave(line, { gone, back }, "all");
    await admission.add(
      line,
      back.map((entry) => ({ entry, priority: RESUMED_PRIORITY })),
    );
    const waiting = admitted.filter((_, index) => places[index] === "waiting");
    if (!places.includes("elsewhere")) await this.#hasten(line, waiting);
    return lost.length + cut.length;
  }

  async #admitted({ type, tenant }: LineName, now: number): Promise<Admitted[]> {
    const { redis, keys } = this.#options;
    const key = keys.line(type, tenant).admitted;
    const reply = await redis.zrange(key, "0", String(ADMITTED_MAX - 1), "WITHSCORES");
    const admitted: Admitted[] = [];
    for (let index = 0; index < reply.length; index += 2) {
      const admittedAt = readAdmittedAt(Number(reply[index + 1]));
      admitted.push({ entry: parseEntryId(reply[index] ?? ""), ageMs: now - admittedAt });
    }
    return admitted;
  }

  async #judge(missing: readonly Admitted[]): Promise<Missing> {
    const judged: Missing = { lost: [], cut: [], ended: [] };
    if (missing.length === 0) return judged;
    const { redis, keys } = this.#options;
    const pipeline = redis.pipeline();
    for (const { entry } of missing) pipeline.hmget(keys.record(entry.jobId), "status", "generation", "run");
    const replies = pipelineReplies(await pipeline.exec()) as (string | null)[][];
    for (const [index, job] of missing.entries()) {
      const [status, generation, run] = replies[index] ?? [];
      const newer = Number(generation) - job.entry.generation;
      if (!status || isTerminal(status as JobStatus) || newer > 0) judged.ended.push(job);
      else if (newer < 0 || run === "0") judged.lost.push(job);
      else if (this.#missed.isLost(job.entry, performance.now())) judged.cut.push(job);
    }
    return judged;
  }

  async #hasten({ type }: LineName, waiting: readonly Admitted[]): Promise<void> {
    const { queues } = this.#options;
    const starved = waiting.filter(({ ageMs }) => ageMs > STARVED_AFTER_MS);
    const [oldest] = starved.toSorted(
      (a, b) => b.ageMs - a.ageMs || entryId(a.entry).localeCompare(entryId(b.entry)),
    );
    // Only what comes back from parking goes before it.
    if (oldest) await queues.move(type, [{ entry: oldest.entry, priority: RESUMED_PRIORITY + 1 }]);
  }
}
