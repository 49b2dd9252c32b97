import type { Redis } from "ioredis";
import { echoRequest } from "./echo-job.ts";
import { runLoad } from "./load.ts";
import { residentBytes } from "./process-figures.ts";
import { redisDataBytes } from "./redis-counters.ts";
import type { Target } from "./target.ts";

const IN_FLIGHT = 50;
const SAMPLES = 40;
/** The first of them, in which caches fill and the heap finds its size. */
const WARM_UP_SAMPLES = 8;
/** Finished jobs expire while the soak goes on, so that Redis stays small. */
const RETENTION_SECONDS = 5;

/** Bytes; resident memory of the processes, data of Redis. */
export interface SoakSample {
  jobs: number;
  api: number;
  worker: number;
  redis: number;
}

export interface SoakResult {
  jobsPerSecond: number;
  samples: SoakSample[];
}

/** Runs many jobs through the system and looks at its memory as it goes. */
export async function soak(
  system: Target,
  redis: Redis,
  jobs: number,
  { signal, onSample }: { signal: AbortSignal; onSample: (sample: SoakSample) => void },
): Promise<SoakResult> {
  const target = { ...system, body: echoRequest({ retention_seconds: RETENTION_SECONDS }) };
  const samples: SoakSample[] = [];
  let done = 0;
  let seconds = 0;
  const sample = async () => {
    const { api, worker } = system.processIds;
    const [apiBytes, workerBytes, redisBytes] = await Promise.all([
      residentBytes(api),
      residentBytes(worker),
      redisDataBytes(redis),
    ]);
    const taken = { jobs: done, api: apiBytes, worker: workerBytes, redis: redisBytes };
    samples.push(taken);
    onSample(taken);
  };
  await sample();
  while (done < jobs) {
    const share = Math.min(Math.ceil(jobs / SAMPLES), jobs - done);
    const load = await runLoad(target, { jobs: share, inFlight: IN_FLIGHT, signal });
    done += share;
    seconds += load.seconds;
    await sample();
  }
  return { jobsPerSecond: done / seconds, samples };
}

const mebibytes = (bytes: number) => `${(bytes / 1_024 / 1_024).toFixed(1)} MiB`;

/** One line for each process, for a terminal. */
export function soakTable({ jobsPerSecond, samples }: SoakResult): string {
  const lines = (["api", "worker", "redis"] as const).map((name) => {
    const values = samples.map((sample) => sample[name]);
    const [start = Number.NaN] = values;
    const warm = values[Math.min(WARM_UP_SAMPLES, values.length - 1)] ?? Number.NaN;
    const end = values.at(-1) ?? Number.NaN;
    return [
      name.padEnd(6),
      `start ${mebibytes(start)}`,
      `after warm-up ${mebibytes(warm)}`,
      `end ${mebibytes(end)}`,
      `highest ${mebibytes(Math.max(...values))}`,
      `growth after warm-up ${mebibytes(end - warm)}`,
    ].join("  ");
  });
  const warmUpJobs = samples[Math.min(WARM_UP_SAMPLES, samples.length - 1)]?.jobs ?? 0;
  const heading = `${samples.at(-1)?.jobs} jobs at ${IN_FLIGHT} in flight, ${Math.round(jobsPerSecond)} jobs/s`;
  return [`${heading}; the first ${warmUpJobs} are the warm-up`, ...lines].join("\n");
}
