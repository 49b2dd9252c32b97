import type { Job, JobPage, JobStatus, JobType } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { jobView } from "./job-view.ts";
import { batchJobsBefore } from "../batches/batch-lines.ts";
import type { Keys } from "../keys.ts";
import { newestIds } from "./newest-ids.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { maySee, type Viewer } from "./viewer.ts";
import { isWholeLog } from "./whole-log.ts";

export interface JobFilter {
  status?: JobStatus | undefined;
  type?: JobType | undefined;
  batchId?: string | undefined;
  /** Length of the page, 1 to 200. */
  limit: number;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
}

/** How many jobs are read together, and how many records are looked at together at least. */
const GROUP = 10;
/** How many records, which are small, are looked at together at most. */
const RECORDS_MAX = 100;
/** Jobs of more than this many characters are read one by one, which bounds what is in memory besides the page. */
const LARGE_JOB = 256 * 1_024;
/** A page looks at no more jobs than this many times its limit, which bounds its cost. */
const SCAN_FACTOR = 10;
/** A page ends early after this time, in milliseconds: what is looked for may be far back, and Redis slow. */
const PAGE_TIME_MS = 1_000;
/** A page ends early when its jobs are larger than this together, in characters of JSON. */
const PAGE_LENGTH_MAX = 8 * 1_024 * 1_024;

/** The jobs of each tenant by age. An entry may outlive its job, whose keys expire by themselves. */
export class JobIndex {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Newest first. A page may be shorter than its limit; `next_cursor` says whether there is more. */
  async list(viewer: Viewer, filter: JobFilter): Promise<JobPage> {
    const jobs: Job[] = [];
    let length = 0;
    let scanned = 0;
    let cursor = filter.cursor;
    const until = performance.now() + PAGE_TIME_MS;
    const lookedAt = Math.min(Math.max(filter.limit, GROUP), RECORDS_MAX);
    while (scanned < filter.limit * SCAN_FACTOR && length < PAGE_LENGTH_MAX && performance.now() < until) {
      const ids = await this.#idsBefore(viewer, filter, cursor, lookedAt);
      if (ids.length === 0) return { jobs, next_cursor: null };
      const records = await this.#records(ids);
      const fitting = records.filter(({ record }) => matches(record, viewer, filter));
      while (fitting.length > 0) {
        // Nobody knows how large a job is before it has been read, so the first is read alone.
        const areSmall = jobs.length > 0 && length / jobs.length < LARGE_JOB;
        for (const found of await this.#views(fitting.splice(0, areSmall ? GROUP : 1))) {
          // It may have gone on since its record was read.
          if (filter.status !== undefined && found.job.status !== filter.status) continue;
          jobs.push(found.job);
          length += found.length;
          const isFull = jobs.length === filter.limit || length >= PAGE_LENGTH_MAX;
          if (isFull) return await this.#endPage(viewer, filter, jobs, found.job.id);
        }
        const last = jobs.at(-1);
        if (last && performance.now() >= until) return await this.#endPage(viewer, filter, jobs, last.id);
      }
      cursor = ids.at(-1);
      scanned += ids.length;
    }
    return await this.#endPage(viewer, filter, jobs, cursor);
  }

  async #endPage(
    viewer: Viewer,
    filter: JobFilter,
    jobs: Job[],
    cursor: string | undefined,
  ): Promise<JobPage> {
    const more = await this.#idsBefore(viewer, filter, cursor, 1);
    return { jobs, next_cursor: more.length > 0 ? (cursor ?? null) : null };
  }

  async #idsBefore(
    viewer: Viewer,
    { batchId, status }: JobFilter,
    cursor: string | undefined,
    count: number,
  ): Promise<string[]> {
    const dependencies = { redis: this.#redis, keys: this.#keys };
    if (batchId !== undefined) return await batchJobsBefore(dependencies, { batchId, status, cursor, count });
    const indexOf = (tenant: string) => this.#keys.index(tenant);
    return await newestIds(dependencies, { indexOf, viewer, cursor, count });
  }

  async #records(ids: string[]): Promise<{ id: string; record: JobRecord | null }[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.hgetall(this.#keys.record(id));
    const replies = pipelineReplies(await pipeline.exec());
    return ids.map((id, index) => ({ id, record: parseRecord(replies[index] as Record<string, string>) }));
  }

  /** The jobs, and how long each is in the log. */
  async #views(chosen: { id: string; record: JobRecord | null }[]): Promise<{ job: Job; length: number }[]> {
    if (chosen.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const { id } of chosen) pipeline.lindex(this.#keys.log(id), 0).lindex(this.#keys.log(id), -1);
    const replies = pipelineReplies(await pipeline.exec()) as (string | null)[];
    return chosen.flatMap(({ id, record }, index) => {
      const first = replies[index * 2];
      const last = replies[index * 2 + 1];
      if (!record || !isWholeLog(first) || !last) return [];
      return [{ job: jobView(id, { record, first, last }), length: first.length + last.length }];
    });
  }
}

function matches(record: JobRecord | null, viewer: Viewer, { status, type, batchId }: JobFilter): boolean {
  if (!record) return false;
  // The jobs of a batch are not looked up by their tenant.
  if (batchId !== undefined && (record.batchId !== batchId || !maySee(viewer, record.tenant))) return false;
  return (status === undefined || record.status === status) && (type === undefined || record.type === type);
}
