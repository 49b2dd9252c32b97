import { APIS, MCP_SERVERS, WORKERS, type Fault, type PlannedFault } from "./fault.ts";
import { Random } from "./random.ts";

/** The shortest pause after which another worker has taken the jobs: a lock lasts 8 s and is looked for each second. */
const PAST_LOCK_MS = 10_000;

type Draw = (random: Random) => Fault;

const worker = (random: Random) => ({ kind: "worker", index: random.between(0, WORKERS - 1) }) as const;
const api = (random: Random) => ({ kind: "api", index: random.between(0, APIS - 1) }) as const;
const anyone = (random: Random) => (random.chance(0.7) ? worker(random) : api(random));
const mcp = (random: Random) => ({
  worker: random.between(0, WORKERS - 1),
  server: random.pick(MCP_SERVERS),
});

const killWorker: Draw = (random) => ({ type: "kill", place: worker(random), ms: random.between(0, 1_500) });
const killApi: Draw = (random) => ({ type: "kill", place: api(random), ms: random.between(0, 1_500) });
const killMcp: Draw = (random) => ({ type: "mcp.kill", ...mcp(random) });

/** Every kind of fault, the frequent ones several times. A plan deals it out again and again, shuffled each time. */
const DECK: readonly Draw[] = [
  killWorker,
  killWorker,
  killWorker,
  killWorker,
  killMcp,
  killMcp,
  killMcp,
  killApi,
  killApi,
  (random) => ({ type: "pause", place: worker(random), ms: random.between(PAST_LOCK_MS, 14_000) }),
  (random) => ({ type: "pause", place: worker(random), ms: random.between(200, 6_000) }),
  (random) => ({ type: "pause", place: api(random), ms: random.between(200, 4_000) }),
  (random) => ({ type: "drain", place: worker(random) }),
  (random) => ({ type: "mcp.pause", ...mcp(random), ms: random.between(200, 4_000) }),
  (random) => ({ type: "redis.restart", ms: random.between(0, 1_500) }),
  (random) => ({ type: "network.cut", place: anyone(random) }),
  (random) => ({ type: "network.pause", place: anyone(random), ms: random.between(200, 6_000) }),
  (random) => ({ type: "network.black_hole", place: anyone(random), ms: random.between(1_000, 12_000) }),
  (random) => ({ type: "reload", atOnce: random.between(10, 40) }),
];

export interface FaultPlanOptions {
  readonly seed: string;
  /** How long faults happen, in milliseconds. */
  readonly durationMs: number;
  /** From one fault to the next on average, in milliseconds. */
  readonly everyMs: number;
}

/** What goes wrong when. The same options always give the same plan. */
export function planFaults({ seed, durationMs, everyMs }: FaultPlanOptions): PlannedFault[] {
  const random = new Random(seed, "faults");
  const plan: PlannedFault[] = [];
  let deck: Draw[] = [];
  const next = (): number => everyMs * (0.4 + 1.2 * random.share());
  for (let atMs = next(); atMs < durationMs; atMs += next()) {
    if (deck.length === 0) deck = random.shuffled(DECK);
    const draw = deck.pop();
    if (draw) plan.push({ atMs: Math.round(atMs), fault: draw(random) });
  }
  return plan;
}

/** Whether a fault ends a process for good. */
export function isKill({ type }: Fault): boolean {
  return type === "kill" || type === "mcp.kill" || type === "redis.restart";
}
