import type { Redis } from "ioredis";
import { combineCosts, costBetween, readCost, type Cost } from "./cost.ts";
import { runLoad, type LoadResult } from "./load.ts";
import type { Side, Target } from "./target.ts";

export type Sides = Readonly<Record<Side, Target>>;

/** One load of one side, and what it cost besides the idle commands. */
export interface Measurement {
  load: LoadResult;
  cost: Cost;
}

export type Round = Readonly<Record<Side, Measurement>>;

export interface RoundsOptions {
  redis: Redis;
  /** What both sides use together while nothing happens, for each second. */
  idleCostPerSecond: Cost;
  rounds: number;
  /** Jobs of each side in each round. */
  jobs: number;
  inFlight: number;
  signal: AbortSignal;
  onRound: (done: number) => void;
}

/**
 * Measures the two sides in turn. The order is A B, B A, A B, … so that noise of the machine, and drift within a
 * round, meet both.
 */
export async function measureRounds(sides: Sides, options: RoundsOptions): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    if (round % 2 === 0) {
      const floor = await measure(sides.floor, options);
      rounds.push({ floor, system: await measure(sides.system, options) });
    } else {
      const system = await measure(sides.system, options);
      rounds.push({ floor: await measure(sides.floor, options), system });
    }
    options.onRound(rounds.length);
  }
  return rounds;
}

async function measure(target: Target, options: RoundsOptions): Promise<Measurement> {
  const startedAt = performance.now();
  const before = await readCost(options.redis, target);
  const load = await runLoad(target, options);
  const after = await readCost(options.redis, target);
  const seconds = (performance.now() - startedAt) / 1_000;
  // A side that works does not poll as much as when it is idle, so this takes off a little too much at most.
  const cost = combineCosts(
    costBetween(before, after),
    options.idleCostPerSecond,
    (total, idle) => total - idle * seconds,
  );
  return { load, cost };
}
