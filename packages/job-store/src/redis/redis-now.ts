import type { Redis } from "ioredis";

/** The time on Redis' clock, the only one that all processes share; in milliseconds since 1970. */
export async function redisNowMs(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
