import { setTimeout } from "node:timers/promises";
import type { Redis } from "ioredis";
import { combineCosts, costBetween, readCost, type Cost } from "./cost.ts";
import type { Target } from "./target.ts";

/**
 * What is used for each second in which nobody asks for anything: polling, heartbeats, sweeps, of both sides. CPU
 * times are left at 0: they are too small to be told in so short a time.
 */
export async function measureIdleCost(
  redis: Redis,
  target: Target,
  idleMs: number,
  signal: AbortSignal,
): Promise<Cost> {
  const startedAt = performance.now();
  const before = await readCost(redis, target);
  await setTimeout(idleMs, undefined, { signal });
  const used = costBetween(before, await readCost(redis, target));
  const seconds = (performance.now() - startedAt) / 1_000;
  const perSecond = combineCosts(used, used, (value) => value / seconds);
  return { ...perSecond, redisCpu: 0, apiCpu: 0, workerCpu: 0 };
}
