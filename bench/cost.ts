import type { Redis } from "ioredis";
import { cpuSeconds } from "./process-figures.ts";
import { redisCounters } from "./redis-counters.ts";
import type { Target } from "./target.ts";

/** What something has used. CPU times are in seconds, and NaN where the system does not tell them. */
export interface Cost {
  /** Calls of EVALSHA and EVAL. */
  scripts: number;
  /** Redis commands, with those that scripts run. */
  commands: number;
  redisCpu: number;
  apiCpu: number;
  workerCpu: number;
}

export type CostName = keyof Cost;

/** All that has been used since the processes started. */
export async function readCost(redis: Redis, { processIds }: Target): Promise<Cost> {
  const [counters, apiCpu, workerCpu] = await Promise.all([
    redisCounters(redis),
    cpuSeconds(processIds.api),
    cpuSeconds(processIds.worker),
  ]);
  return { ...counters, apiCpu, workerCpu };
}

/** `combine` of each figure of both. */
export function combineCosts(a: Cost, b: Cost, combine: (a: number, b: number) => number): Cost {
  return {
    scripts: combine(a.scripts, b.scripts),
    commands: combine(a.commands, b.commands),
    redisCpu: combine(a.redisCpu, b.redisCpu),
    apiCpu: combine(a.apiCpu, b.apiCpu),
    workerCpu: combine(a.workerCpu, b.workerCpu),
  };
}

export function costBetween(before: Cost, after: Cost): Cost {
  return combineCosts(after, before, (a, b) => a - b);
}
