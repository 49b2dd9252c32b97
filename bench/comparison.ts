import type { Redis } from "ioredis";
import { measureIdleCost } from "./idle-cost.ts";
import type { CostName } from "./cost.ts";
import type { Figure } from "./figure.ts";
import { measureJobMemory, type JobMemory } from "./job-memory.ts";
import { runLoad } from "./load.ts";
import type { Sizes } from "./options.ts";
import { measureRounds, type Measurement, type Round, type Sides } from "./rounds.ts";
import { quantile, spread, sum } from "./statistics.ts";
import type { Side } from "./target.ts";

const IN_FLIGHT = 50;

export interface ComparisonOptions {
  redis: Redis;
  sizes: Sizes;
  signal: AbortSignal;
  /** Told what is done now, for people who wait. */
  onProgress: (text: string) => void;
}

/** Runs everything but the soak, and makes the figures of it. */
export async function compare(sides: Sides, options: ComparisonOptions): Promise<Figure[]> {
  const { redis, sizes, signal, onProgress } = options;
  onProgress(`warming up: ${sizes.warmUpJobs} jobs of each side`);
  for (const target of [sides.floor, sides.system]) {
    await runLoad(target, { jobs: sizes.warmUpJobs, inFlight: IN_FLIGHT, signal });
    await runLoad(target, { jobs: Math.ceil(sizes.warmUpJobs / 10), inFlight: 1, signal });
  }
  const idleCostPerSecond = await measureIdleCost(redis, sides.system, sizes.idleMs, signal);

  const shared = { redis, idleCostPerSecond, signal };
  const rounds = ({ rounds: count, jobs }: Sizes["inFlight"], inFlight: number) => {
    const onRound = (done: number) => onProgress(`${inFlight} in flight: round ${done} of ${count}`);
    return measureRounds(sides, { ...shared, rounds: count, jobs, inFlight, onRound });
  };
  const oneAtATime = await rounds(sizes.oneAtATime, 1);
  const inFlight = await rounds(sizes.inFlight, IN_FLIGHT);

  onProgress(`memory: ${sizes.memoryJobs} jobs of the system`);
  const memory = await measureJobMemory(redis, sides.system, sizes.memoryJobs, signal);
  return [
    latencyFigure("one at a time: p50", oneAtATime, 0.5),
    latencyFigure("one at a time: p99", oneAtATime, 0.99),
    rateFigure(inFlight),
    ...costFigures("one at a time", oneAtATime),
    ...costFigures(`${IN_FLIGHT} in flight`, inFlight),
    ...memoryFigures(memory),
  ];
}

function latencyFigure(name: string, rounds: readonly Round[], share: number): Figure {
  const ratios = rounds.map(
    ({ floor, system }) => quantile(system.load.latenciesMs, share) / quantile(floor.load.latenciesMs, share),
  );
  const over = (side: Side) => {
    const all = Float64Array.from(rounds.flatMap((round) => [...round[side].load.latenciesMs]));
    return quantile(all.toSorted(), share);
  };
  return {
    name,
    unit: "ms",
    floor: over("floor"),
    system: over("system"),
    ratio: spread(ratios),
    budget: { of: "ratio", bound: "at most", limit: 1.25 },
  };
}

function rate({ load }: Measurement): number {
  return load.latenciesMs.length / load.seconds;
}

function rateFigure(rounds: readonly Round[]): Figure {
  const over = (side: Side) => spread(rounds.map((round) => rate(round[side]))).median;
  return {
    name: `${IN_FLIGHT} in flight: rate`,
    unit: "jobs/s",
    floor: over("floor"),
    system: over("system"),
    ratio: spread(rounds.map(({ floor, system }) => rate(system) / rate(floor))),
    budget: { of: "ratio", bound: "at least", limit: 0.8 },
  };
}

/** For each job, over all rounds. CPU time is what noise on the machine changes least. */
function costFigures(load: string, rounds: readonly Round[]): Figure[] {
  const perJob = (side: Side, name: CostName) => {
    const measurements = rounds.map((round) => round[side]);
    return sum(measurements.map(({ cost }) => cost[name])) / sum(measurements.map((m) => m.load.sentJobs));
  };
  const figure = (what: string, name: CostName, unit: Figure["unit"], scale: number): Figure => {
    const [floor, system] = [perJob("floor", name) * scale, perJob("system", name) * scale];
    const ratio = spread([system / floor]);
    return { name: `${load}: ${what}`, unit, floor, system, ratio, budget: null };
  };
  const scripts = figure("Redis scripts per job", "scripts", "count", 1);
  return [
    { ...scripts, budget: { of: "system", bound: "at most", limit: 8 } },
    figure("Redis commands per job, scripts' too", "commands", "count", 1),
    figure("CPU of Redis per job", "redisCpu", "ms", 1_000),
    figure("CPU of the api per job", "apiCpu", "ms", 1_000),
    figure("CPU of the worker per job", "workerCpu", "ms", 1_000),
  ];
}

function memoryFigures({ perJob, record, log }: JobMemory): Figure[] {
  return [
    // The promise is "about 1 KB".
    { ...bytesFigure("growth of Redis", perJob), budget: { of: "system", bound: "at most", limit: 1_100 } },
    bytesFigure("MEMORY USAGE of its record", record),
    bytesFigure("MEMORY USAGE of its log", log),
  ];
}

/** The floor keeps nothing of a finished job. */
function bytesFigure(name: string, system: number): Figure {
  return { name: `finished job: ${name}`, unit: "bytes", floor: null, system, ratio: null, budget: null };
}
