import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import type { Redis } from "ioredis";

/** What a reader has to know before comparing figures of two runs. */
export interface Machine {
  system: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  /** Of the last minute, at the start of the run: above the number of cores, others were at work too. */
  loadAverage: number;
  node: string;
  redis: string;
}

export async function describeMachine(redis: Redis): Promise<Machine> {
  const server = await redis.info("server");
  return {
    system: `${type()} ${release().split("-")[0]}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0] ?? Number.NaN,
    node: process.version,
    redis: /^(?:valkey|redis)_version:(.*)$/m.exec(server)?.[1]?.trim() ?? "unknown",
  };
}

export function machineLine({ cpu, cores, loadAverage, node, redis }: Machine): string {
  return `${cpu}, ${cores} cores, load ${loadAverage.toFixed(1)}; Node ${node}, Redis ${redis} with append-only file`;
}
