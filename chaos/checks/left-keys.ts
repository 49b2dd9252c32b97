import type { Redis } from "ioredis";
import { jobIdTime } from "../../packages/job-store/src/job-id.ts";

/** Keys that an installation has also when it has no jobs, and those that expire by themselves within a day. */
function fixedKeys(prefix: string): RegExp[] {
  const own = (rest: string): RegExp => new RegExp(`^${prefix}:${rest}$`);
  const queue = String.raw`(?:id|meta|events|marker|pc|stalled-check)`;
  return [
    // The tenants; an index of one is looked at entry by entry.
    own(String.raw`\{index\}`),
    own(String.raw`\{fleet\}.*`),
    own(String.raw`\{fleet-answer\}:.*`),
    own(String.raw`\{sweep\}`),
    // Counts of how jobs ended, for the metrics.
    own("finished"),
    own(String.raw`\{cool-down\}:.*`),
    // An idempotency key stands for a day at least.
    own(String.raw`idempotency:.*`),
    new RegExp(String.raw`^\{${prefix}:([a-z]+)\}:\1:${queue}$`),
  ];
}

/** The longest that an entry of a job which has expired may stay in the index. In milliseconds. */
const INDEX_LAG_MS = 75_000;

/** The keys that should have gone, once every job's retention is over; one line each. */
export async function leftKeys(redis: Redis, prefix: string): Promise<string[]> {
  const fixed = fixedKeys(prefix);
  const isIndex = (key: string): boolean => key.startsWith(`${prefix}:{index}:`);
  const keys: string[] = [];
  for await (const page of redis.scanStream({ count: 1_000 })) keys.push(...(page as string[]));
  const left = [...new Set(keys)].filter((key) => !isIndex(key) && !fixed.some((form) => form.test(key)));
  const old = await Promise.all(keys.filter(isIndex).map((key) => oldEntries(redis, key)));
  const immortal = await withoutExpiry(
    redis,
    keys.filter((key) => key.startsWith(`${prefix}:idempotency:`)),
  );
  return [...left, ...old.flat(), ...immortal];
}

async function oldEntries(redis: Redis, index: string): Promise<string[]> {
  const ids = await redis.zrange(index, "0", "-1");
  const before = Date.now() - INDEX_LAG_MS;
  return ids.filter((id) => jobIdTime(id) < before).map((id) => `${id} in ${index}`);
}

async function withoutExpiry(redis: Redis, keys: readonly string[]): Promise<string[]> {
  const times = await Promise.all(keys.map((key) => redis.ttl(key)));
  return keys.filter((_, index) => times[index] === -1).map((key) => `${key}, which never expires`);
}

/** The ids of jobs that stand in any index and that no client has heard of; one line each. */
export async function unknownJobs(
  redis: Redis,
  prefix: string,
  known: ReadonlySet<string>,
): Promise<string[]> {
  const tenants = await redis.smembers(`${prefix}:{index}`);
  const ids = await Promise.all(
    tenants.map((tenant) => redis.zrange(`${prefix}:{index}:${tenant}`, "0", "-1")),
  );
  return ids.flat().filter((id) => !known.has(id));
}
