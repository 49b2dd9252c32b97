import { inLanes } from "../chat/lanes.ts";
import type { Figure } from "../figure.ts";
import { quantile, spread, sum } from "../statistics.ts";
import type { Side } from "../target.ts";
import { connectCallers, type Caller, type Callers, type Place } from "./callers.ts";
import type { HostBench } from "./host-bench.ts";
import { startHttpServer } from "./http-server.ts";

const IN_FLIGHT = 50;
const TEXT = "x".repeat(100);

/** Some calls of one side. */
interface Measured {
  /** Ascending. */
  latenciesMs: Float64Array;
  seconds: number;
  cpuMs: number;
}

type Round = Readonly<Record<Side, Measured>>;

async function measure({ call }: Caller, calls: number, inFlight: number): Promise<Measured> {
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await inLanes(calls, inFlight, async () => {
    const sentAt = performance.now();
    await call(TEXT);
    latencies.push(performance.now() - sentAt);
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { latenciesMs: Float64Array.from(latencies).toSorted(), seconds, cpuMs: (user + system) / 1_000 };
}

/** Both sides in turn, in the order A B, B A, A B, … */
async function measureRounds(
  callers: Callers,
  { rounds, calls }: { rounds: number; calls: number },
  inFlight: number,
): Promise<Round[]> {
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % 2 === 0 ? "floor" : "system";
    const second = first === "floor" ? "system" : "floor";
    const one = await measure(callers[first], calls, inFlight);
    const other = await measure(callers[second], calls, inFlight);
    measured.push(first === "floor" ? { floor: one, system: other } : { floor: other, system: one });
  }
  return measured;
}

function latencyFigure(where: string, rounds: readonly Round[]): Figure {
  const median = (side: Side) => spread(rounds.map((round) => quantile(round[side].latenciesMs, 0.5))).median;
  const ratios = rounds.map(
    ({ floor, system }) => quantile(system.latenciesMs, 0.5) / quantile(floor.latenciesMs, 0.5),
  );
  return {
    name: `call through the host over ${where}: p50`,
    unit: "ms",
    floor: median("floor"),
    system: median("system"),
    ratio: spread(ratios),
    budget: { of: "ratio", bound: "at most", limit: 1.15 },
  };
}

function rate({ latenciesMs, seconds }: Measured): number {
  return latenciesMs.length / seconds;
}

function rateFigure(where: string, rounds: readonly Round[]): Figure {
  const median = (side: Side) => spread(rounds.map((round) => rate(round[side]))).median;
  return {
    name: `${IN_FLIGHT} calls in flight over ${where}: rate`,
    unit: "calls/s",
    floor: median("floor"),
    system: median("system"),
    ratio: spread(rounds.map(({ floor, system }) => rate(system) / rate(floor))),
    budget: { of: "ratio", bound: "at least", limit: 0.9 },
  };
}

/** CPU time of this process, without the server's; noise on the machine changes it least. */
function cpuFigure(name: string, rounds: readonly Round[]): Figure {
  const perCall = (side: Side) => {
    const measured = rounds.map((round) => round[side]);
    return sum(measured.map(({ cpuMs }) => cpuMs)) / sum(measured.map((each) => each.latenciesMs.length));
  };
  const [floor, system] = [perCall("floor"), perCall("system")];
  const ratio = spread([system / floor]);
  return { name: `${name}: CPU per call`, unit: "ms", floor, system, ratio, budget: null };
}

async function measurePlace(place: Place, { sizes: { calls }, onProgress }: HostBench): Promise<Figure[]> {
  const where = place.type;
  const sizes = calls[where];
  await using callers = await connectCallers(place);
  onProgress(`host over ${where}: warming up`);
  for (const caller of [callers.floor, callers.system]) await measure(caller, sizes.warmUpCalls, IN_FLIGHT);
  onProgress(`host over ${where}: one call at a time`);
  const oneAtATime = await measureRounds(callers, sizes.oneAtATime, 1);
  onProgress(`host over ${where}: ${IN_FLIGHT} calls in flight`);
  const inFlight = await measureRounds(callers, sizes.inFlight, IN_FLIGHT);
  return [
    latencyFigure(where, oneAtATime),
    cpuFigure(`one call at a time over ${where}`, oneAtATime),
    rateFigure(where, inFlight),
    cpuFigure(`${IN_FLIGHT} calls in flight over ${where}`, inFlight),
  ];
}

/** What the host adds to a call, against a client of the SDK on the same server. */
export async function measureOverhead(bench: HostBench): Promise<Figure[]> {
  const overStdio = await measurePlace({ type: "stdio" }, bench);
  await using server = await startHttpServer();
  return [...overStdio, ...(await measurePlace({ type: "http", url: server.url }, bench))];
}
