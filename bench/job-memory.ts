import type { Redis } from "ioredis";
import { runLoad } from "./load.ts";
import { redisDataBytes } from "./redis-counters.ts";
import { KEY_PREFIX } from "./system.ts";
import type { Target } from "./target.ts";

export interface JobMemory {
  /** Growth of Redis for each finished job, with its part of the index and of Redis' own tables, in bytes. */
  perJob: number;
  /** MEMORY USAGE of one job's record and log, in bytes. */
  record: number;
  log: number;
}

/** What a finished job of the system keeps in Redis until its retention ends. */
export async function measureJobMemory(
  redis: Redis,
  system: Target,
  jobs: number,
  signal: AbortSignal,
): Promise<JobMemory> {
  const before = await redisDataBytes(redis);
  const { sentJobs } = await runLoad(system, { jobs, inFlight: 50, signal });
  const after = await redisDataBytes(redis);
  const logKey = await findLog(redis);
  const record = await redis.memory("USAGE", logKey.slice(0, -":log".length));
  const log = await redis.memory("USAGE", logKey);
  return { perJob: (after - before) / sentJobs, record: record ?? Number.NaN, log: log ?? Number.NaN };
}

async function findLog(redis: Redis): Promise<string> {
  const keys = redis.scanStream({ match: `${KEY_PREFIX}:{job_*}:log`, count: 1_000 });
  for await (const page of keys as AsyncIterable<string[]>) {
    if (page[0] !== undefined) return page[0];
  }
  throw new Error("no log of a job is in Redis: have its keys another form now? See job-memory.ts");
}
