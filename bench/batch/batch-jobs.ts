import { systemFigure, type Figure } from "../figure.ts";
import { startFloor } from "../floor.ts";
import { runLoad } from "../load.ts";
import { spread } from "../statistics.ts";
import { startSystem } from "../system.ts";
import type { BatchBench } from "./batch-bench.ts";
import { sendBatch, untilBatchEnds } from "./send-batch.ts";

const IN_FLIGHT = 50;
const WARM_UP_JOBS = 400;

/** A whole batch, from its first byte to its last job's end, against as many jobs of the floor at 50 in flight. */
export async function measureBatchJobs(bench: BatchBench): Promise<Figure[]> {
  const { redisUrl, folder, signal, sizes, onProgress } = bench;
  const { lines, rounds } = sizes.jobs;
  await using launcher = bench.createLauncher();
  const system = await startSystem(launcher.launch, redisUrl, folder, signal);
  const floor = await startFloor(launcher.launch, redisUrl, signal);
  await runLoad(floor, { jobs: WARM_UP_JOBS, inFlight: IN_FLIGHT, signal });
  await untilBatchEnds(system, await sendBatch(system, WARM_UP_JOBS));
  const floorRates: number[] = [];
  const systemRates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { seconds } = await runLoad(floor, { jobs: lines, inFlight: IN_FLIGHT, signal });
    floorRates.push(lines / seconds);
    const startedAt = performance.now();
    await untilBatchEnds(system, await sendBatch(system, lines));
    systemRates.push((lines * 1_000) / (performance.now() - startedAt));
    onProgress(`batch of ${lines} lines: round ${round + 1} of ${rounds}`);
  }
  const rate = systemFigure(`batch of ${lines} lines: rate`, "jobs/s", spread(systemRates).median);
  return [
    {
      ...rate,
      floor: spread(floorRates).median,
      ratio: spread(systemRates.map((own, round) => own / (floorRates[round] ?? 0))),
      budget: { of: "ratio", bound: "at least", limit: 0.8 },
    },
  ];
}
