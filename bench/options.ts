import { parseArgs } from "node:util";
import { DEFAULT_CHAT_SIZES, SHORT_CHAT_SIZES, type ChatSizes } from "./chat/chat-sizes.ts";
import { DEFAULT_BATCH_SIZES, SHORT_BATCH_SIZES, type BatchSizes } from "./batch/batch-sizes.ts";
import { DEFAULT_SCALING_SIZES, SHORT_SCALING_SIZES, type ScalingSizes } from "./scaling/measure-scaling.ts";
import { DEFAULT_HOST_SIZES, SHORT_HOST_SIZES, type HostSizes } from "./host/host-sizes.ts";

const SOAK_JOBS = 100_000;

export const USAGE = `npm run bench                     compares the system with the floor, then measures all that follows but the soak: ten minutes, 2 GB of memory
npm run bench -- --short          the same in a few seconds, with figures that say little
npm run bench -- --chat           measures chat jobs alone
npm run bench -- --host           measures the MCP host alone
npm run bench -- --batches        measures batches alone
npm run bench -- --scaling        measures one worker against several
npm run bench -- --soak [JOBS]    watches the memory of the api over ${SOAK_JOBS} jobs, or so many
npm run bench -- --report FILE    also writes a report with plots to FILE.md and FILE.json
npm run bench -- --profile        also writes a CPU profile of each process to bench/results/profiles`;

/** How much is measured. */
export interface Sizes {
  /** Jobs of each side before anything counts: after 5,000 V8 still took a tenth of the api's time. */
  warmUpJobs: number;
  oneAtATime: { rounds: number; jobs: number };
  inFlight: { rounds: number; jobs: number };
  /** Finished jobs whose memory in Redis is measured. */
  memoryJobs: number;
  /** How long the idle commands of both sides are counted, in milliseconds. */
  idleMs: number;
  chat: ChatSizes;
  host: HostSizes;
  batches: BatchSizes;
  scaling: ScalingSizes;
}

const DEFAULT_SIZES: Sizes = {
  warmUpJobs: 20_000,
  oneAtATime: { rounds: 16, jobs: 250 },
  inFlight: { rounds: 12, jobs: 1_500 },
  memoryJobs: 2_000,
  idleMs: 2_000,
  chat: DEFAULT_CHAT_SIZES,
  host: DEFAULT_HOST_SIZES,
  batches: DEFAULT_BATCH_SIZES,
  scaling: DEFAULT_SCALING_SIZES,
};

const SHORT_SIZES: Sizes = {
  warmUpJobs: 200,
  oneAtATime: { rounds: 2, jobs: 50 },
  inFlight: { rounds: 2, jobs: 200 },
  memoryJobs: 200,
  idleMs: 300,
  chat: SHORT_CHAT_SIZES,
  host: SHORT_HOST_SIZES,
  batches: SHORT_BATCH_SIZES,
  scaling: SHORT_SCALING_SIZES,
};

/** What can be measured alone. */
const PARTS = ["chat", "host", "batches", "scaling"] as const;
type Part = (typeof PARTS)[number];

export interface BenchOptions {
  sizes: Sizes;
  short: boolean;
  profile: boolean;
  /** Path of the report without its ending; null: none. */
  report: string | null;
  /** What is measured alone; null: everything. */
  only: Part | null;
  /** Jobs of the soak, which then runs instead of the comparison. */
  soakJobs: number | null;
}

/** @throws Error that says what is wrong with the arguments. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      short: { type: "boolean" },
      chat: { type: "boolean" },
      host: { type: "boolean" },
      batches: { type: "boolean" },
      scaling: { type: "boolean" },
      soak: { type: "boolean" },
      profile: { type: "boolean" },
      report: { type: "string" },
    },
    allowPositionals: true,
  });
  const [count, ...rest] = positionals;
  if (rest.length > 0 || (count !== undefined && !(values.soak && /^[1-9]\d{0,8}$/.test(count)))) {
    throw new Error(`Unexpected "${rest[0] ?? count}": only --soak takes a number, the jobs to run.`);
  }
  const { short = false, soak = false, profile = false } = values;
  const [only = null, another] = PARTS.filter((part) => values[part]);
  if (only && another) {
    throw new Error(`--${only} and --${another} exclude each other: leave both out to measure everything.`);
  }
  return {
    sizes: short ? SHORT_SIZES : DEFAULT_SIZES,
    short,
    profile,
    report: values.report?.replace(/\.(?:md|json)$/, "") ?? null,
    only,
    soakJobs: soak ? Number(count ?? SOAK_JOBS) : null,
  };
}
