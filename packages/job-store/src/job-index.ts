import type { Job, JobPage, JobStatus, JobType } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "./keys.ts";
import { jobView, parseRecord, type JobRecord } from "./record.ts";
import { pipelineReplies } from "./unavailable.ts";

export interface JobFilter {
  status?: JobStatus;
  type?: JobType;
  batchId?: string;
  /** Length of the page, 1 to 200. */
  limit: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** How many jobs one filtered page looks at, at the most: the bound of its cost. */
const SCAN_FACTOR = 10;

/** The jobs of each tenant by age. An entry may outlive its job, whose keys expire by themselves. */
export class JobIndex {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Newest first. A filtered page may be shorter than its limit; `next_cursor` says whether there is more. */
  async list(tenant: string, filter: JobFilter): Promise<JobPage> {
    const filtered = filter.status ?? filter.type ?? filter.batchId;
    const scan = filtered === undefined ? filter.limit : filter.limit * SCAN_FACTOR;
    const index = this.#keys.index(tenant);
    const newest = filter.cursor === undefined ? "+" : `(${filter.cursor}`;
    const ids = await this.#redis.zrevrangebylex(index, newest, "-", "LIMIT", 0, scan + 1);
    const records = await this.#records(ids.slice(0, scan));
    const chosen: { id: string; record: JobRecord }[] = [];
    let cursor = ids.length > scan ? ids[scan - 1] : undefined;
    for (const [position, { id, record }] of records.entries()) {
      if (!record || !matches(record, filter)) continue;
      chosen.push({ id, record });
      if (chosen.length < filter.limit) continue;
      if (position + 1 < ids.length) cursor = id;
      break;
    }
    return { jobs: await this.#views(chosen), next_cursor: cursor ?? null };
  }

  async #records(ids: string[]): Promise<{ id: string; record: JobRecord | null }[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.hgetall(this.#keys.record(id));
    const replies = pipelineReplies(await pipeline.exec());
    return ids.map((id, index) => ({ id, record: parseRecord(replies[index] as Record<string, string>) }));
  }

  async #views(chosen: { id: string; record: JobRecord }[]): Promise<Job[]> {
    if (chosen.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const { id } of chosen) pipeline.lindex(this.#keys.log(id), 0).lindex(this.#keys.log(id), -1);
    const replies = pipelineReplies(await pipeline.exec()) as (string | null)[];
    return chosen.flatMap(({ id, record }, index) => {
      const first = replies[index * 2];
      const last = replies[index * 2 + 1];
      return first && last ? [jobView(id, record, first, last)] : [];
    });
  }
}

function matches(record: JobRecord, { status, type, batchId }: JobFilter): boolean {
  // No job belongs to a batch yet, so a batch filter matches none.
  if (batchId !== undefined) return false;
  return (status === undefined || record.status === status) && (type === undefined || record.type === type);
}
