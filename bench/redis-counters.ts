import type { Redis } from "ioredis";

export interface RedisCounters {
  /** Calls of EVALSHA and EVAL since the server's start. */
  scripts: number;
  /** Calls of every command, with those that scripts make. Our own INFO is left out. */
  commands: number;
  /** CPU time of the server, in seconds. */
  redisCpu: number;
}

export async function redisCounters(redis: Redis): Promise<RedisCounters> {
  const [statistics, cpu] = await Promise.all([redis.info("commandstats"), redis.info("cpu")]);
  let scripts = 0;
  let commands = 0;
  for (const [, name, calls] of statistics.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (name === "info") continue;
    commands += Number(calls);
    if (name === "evalsha" || name === "eval") scripts += Number(calls);
  }
  const fields = infoFields(cpu);
  return { scripts, commands, redisCpu: fields("used_cpu_sys") + fields("used_cpu_user") };
}

/**
 * Memory that Redis uses for data, in bytes: what it has allocated, without the buffers of its clients and of its
 * append-only file, which come and go.
 */
export async function redisDataBytes(redis: Redis): Promise<number> {
  const fields = infoFields(await redis.info("memory"));
  return fields("used_memory") - fields("mem_clients_normal") - fields("mem_aof_buffer");
}

/** Reads a field of an INFO section as a number; NaN when it is not there. */
function infoFields(section: string): (name: string) => number {
  const fields = new Map(section.split("\r\n").map((line) => line.split(":", 2) as [string, string]));
  return (name) => Number(fields.get(name));
}
