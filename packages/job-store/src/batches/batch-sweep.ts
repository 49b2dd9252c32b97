import { isTerminal, type JobStatus } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { keyLifetimeSeconds } from "../submission/idempotency.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { redisNowMs } from "../redis/redis-now.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import type { BatchCancel } from "./batch-cancel.ts";
import { countBatchEnds, type BatchEnd } from "./batch-ends.ts";
import { batchIdTime, batchJobId } from "./batch-id.ts";
import { BatchLines, isUnfinished, type BatchLineState } from "./batch-lines.ts";
import { batchScriptKeys, parseBatch, type BatchRecord } from "./batch-record.ts";

/** Batches that are looked at in one step. */
const BATCHES_PER_STEP = 20;
/** Jobs of one batch that are looked at in one step. */
const JOBS_PER_STEP = 1_000;
/** How soon a batch that runs is looked at again, in milliseconds. */
const LOOK_AGAIN_MS = 2_000;
/** Takes the place of an upload's token. */
const NO_UPLOAD = "";
/** A batch of which nothing is there after this was never opened. In milliseconds. */
const OPENED_WITHIN_MS = 60_000;

export interface BatchSweepDependencies {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  cancelling: BatchCancel;
  logger: Logger;
}

/** What was seen of a batch at the last look. */
interface Look {
  revision: number;
  /** The jobs of the lines up to this one have been looked at since anything has changed. */
  line: number;
}

/**
 * Repairs what a crash leaves of batches. Each repair can be done again without harm:
 *
 * - an upload that has been silent for too long is closed as cut;
 * - a line that was taken, and its job perhaps not written, is confirmed or taken back once no upload can write it;
 * - jobs that have ended without their batch having been told are counted, when the batch does not change any more;
 * - a cancel goes on;
 * - a batch that has expired leaves the indexes.
 */
export class BatchSweep {
  readonly #dependencies: BatchSweepDependencies;
  readonly #looks = new Map<string, Look>();

  constructor(dependencies: BatchSweepDependencies) {
    this.#dependencies = dependencies;
  }

  /** Stops what goes on in the background. */
  close(): Promise<void> {
    return this.#dependencies.cancelling.close();
  }

  /** Looks at the batches that are due. */
  async step(): Promise<void> {
    const { redis, keys, clock, logger } = this.#dependencies;
    const due = await redis.zrangebyscore(keys.batches, "-inf", clock.now(), "LIMIT", 0, BATCHES_PER_STEP);
    for (const member of due) {
      const [batchId = "", tenant = ""] = member.split(" ");
      try {
        const nextMs = await this.#look(batchId);
        if (nextMs === null) {
          this.#looks.delete(batchId);
          await redis.zrem(keys.batchIndex(tenant), batchId);
          await redis.zrem(keys.batches, member);
        } else {
          await redis.zadd(keys.batches, "XX", clock.now() + nextMs, member);
          if (nextMs > LOOK_AGAIN_MS) await this.#lookSooner(batchId, member);
        }
      } catch (error) {
        logger.warn({ batch_id: batchId, reason: String(error) }, "A batch is not repaired for now");
      }
    }
  }

  /** One that had ended may have been taken up again since it was read, and been made due before this put it off. */
  async #lookSooner(batchId: string, member: string): Promise<void> {
    const { redis, keys, clock } = this.#dependencies;
    const status = await redis.hget(keys.batch(batchId).record, "status");
    if (status === "running") await redis.zadd(keys.batches, "XX", clock.now() + LOOK_AGAIN_MS, member);
  }

  /** Returns when to look again, in milliseconds from now; null when the batch is gone. */
  async #look(batchId: string): Promise<number | null> {
    const { redis, keys, clock, cancelling } = this.#dependencies;
    const record = parseBatch(await redis.hgetall(keys.batch(batchId).record));
    if (!record) return clock.now() - batchIdTime(batchId) < OPENED_WITHIN_MS ? LOOK_AGAIN_MS : null;
    if (record.idempotencyKey) {
      // The key lives as long as what it stands for, also when its jobs take long.
      await redis.expire(record.idempotencyKey, keyLifetimeSeconds(record.retentionSeconds));
    }
    if (record.status !== "running") {
      this.#looks.delete(batchId);
      return Math.max(LOOK_AGAIN_MS, await redis.pttl(keys.batch(batchId).record));
    }
    if (record.uploadToken) {
      await redis.millraceBatchClose(
        ...batchScriptKeys(keys, batchId),
        keys.batchEvents(batchId),
        record.uploadToken,
        "cut",
        "1",
      );
    }
    if (record.cancelling) cancelling.start(batchId);
    await this.#repairJobs(batchId, record);
    return LOOK_AGAIN_MS;
  }

  async #repairJobs(batchId: string, record: BatchRecord): Promise<void> {
    const { redis, keys } = this.#dependencies;
    const lines = new BatchLines(redis, keys, batchId);
    // An upload that was cut off keeps its token as long as it may still write jobs.
    if (record.uploadToken === null) {
      const taken = await lines.after(0, JOBS_PER_STEP, (state) => state === "taken");
      if (taken.length > 0) return await this.#repair(batchId, taken);
    }
    const look = this.#looks.get(batchId);
    const isStill = look?.revision === record.revision;
    const pending = isStill
      ? await lines.after(look.line, JOBS_PER_STEP, (state) => state === "pending")
      : [];
    const line = pending.length < JOBS_PER_STEP ? 0 : (pending.at(-1)?.line ?? 0);
    this.#looks.set(batchId, { revision: record.revision, line });
    await this.#repair(batchId, pending);
  }

  /** Brings what a batch knows of some jobs into line with the jobs. */
  async #repair(batchId: string, lines: readonly BatchLineState[]): Promise<void> {
    if (lines.length === 0) return;
    const { redis, keys } = this.#dependencies;
    const open = await redis.hmget(keys.batch(batchId).generations, ...lines.map(({ line }) => `${line}`));
    const pipeline = redis.pipeline();
    for (const { line } of lines) {
      pipeline.hmget(keys.record(batchJobId(batchId, line)), "status", "generation");
    }
    const records = pipelineReplies(await pipeline.exec()) as [JobStatus | null, string | null][];
    const ends: BatchEnd[] = [];
    const missing: number[] = [];
    const written: number[] = [];
    const queued: string[] = [];
    for (const [index, { line, state }] of lines.entries()) {
      const [status = null, stored = null] = records[index] ?? [];
      const jobId = batchJobId(batchId, line);
      if (status !== null && isTerminal(status)) {
        // A failover may have lost a retry that the batch had been told of.
        const generation = Math.max(Number(stored), Number(open[index] ?? 0));
        ends.push({ jobId, status, generation });
      } else if (status === null && state === "taken") {
        missing.push(line);
      } else if (status === null && isUnfinished(state)) {
        // It has ended and expired before anybody looked; how it ended is lost.
        ends.push({ jobId, status: "failed", generation: null });
      } else if (state === "taken") {
        written.push(line);
        if (status === "queued") queued.push(jobId);
      }
    }
    const channel = keys.batchEvents(batchId);
    if (queued.length > 0) await this.#note(queued);
    if (written.length > 0) await redis.millraceBatchConfirm(...batchScriptKeys(keys, batchId), ...written);
    if (ends.length > 0) await countBatchEnds(batchId, ends, this.#dependencies);
    if (missing.length > 0) {
      await redis.millraceBatchWithdraw(...batchScriptKeys(keys, batchId), channel, NO_UPLOAD, ...missing);
    }
  }

  /** Their submissions may have come to nothing half way: the sweeper sees to it that they are in their queue. */
  async #note(jobIds: readonly string[]): Promise<void> {
    const { redis, keys } = this.#dependencies;
    const now = await redisNowMs(redis);
    await redis.zadd(keys.submissions, "NX", ...jobIds.flatMap((jobId) => [now, jobId]));
  }
}
