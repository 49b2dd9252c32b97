import type { Redis } from "ioredis";

/** The names of the connections that an installation's api holds, in the order of the alphabet. */
export async function apiConnections(redis: Redis, prefix: string): Promise<string[]> {
  const list = String(await redis.client("LIST"));
  return [...list.matchAll(/ name=(\S+)/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name.startsWith(`${prefix}:api`))
    .toSorted();
}

/** How many jobs are followed at this moment, by however many streams and waits. */
export async function followedJobs(redis: Redis, prefix: string): Promise<number> {
  const channels = (await redis.pubsub("CHANNELS", `${prefix}:{job_*}:events`)) as string[];
  return channels.length;
}

/** Returns when exactly so many jobs are followed. */
export async function untilFollowed(redis: Redis, prefix: string, count: number): Promise<void> {
  while ((await followedJobs(redis, prefix)) !== count) continue;
}
