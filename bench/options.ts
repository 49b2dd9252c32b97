import { parseArgs } from "node:util";
import { DEFAULT_CHAT_SIZES, SHORT_CHAT_SIZES, type ChatSizes } from "./chat/chat-sizes.ts";

const SOAK_JOBS = 100_000;

export const USAGE = `npm run bench                     compares the system with the floor, then measures chat jobs, about five minutes
npm run bench -- --short          the same in a few seconds, with figures that say little
npm run bench -- --chat           measures chat jobs alone
npm run bench -- --soak [JOBS]    watches the memory of the api over ${SOAK_JOBS} jobs, or so many
npm run bench -- --profile        also writes a CPU profile of each process to bench/results/profiles`;

/** How much is measured. */
export interface Sizes {
  /** Jobs of each side before anything counts: the processes have compiled their code by then. */
  warmUpJobs: number;
  oneAtATime: { rounds: number; jobs: number };
  inFlight: { rounds: number; jobs: number };
  /** Finished jobs whose memory in Redis is measured. */
  memoryJobs: number;
  /** How long the idle commands of both sides are counted, in milliseconds. */
  idleMs: number;
  chat: ChatSizes;
}

const DEFAULT_SIZES: Sizes = {
  warmUpJobs: 2_000,
  oneAtATime: { rounds: 16, jobs: 250 },
  inFlight: { rounds: 12, jobs: 1_500 },
  memoryJobs: 2_000,
  idleMs: 2_000,
  chat: DEFAULT_CHAT_SIZES,
};

const SHORT_SIZES: Sizes = {
  warmUpJobs: 200,
  oneAtATime: { rounds: 2, jobs: 50 },
  inFlight: { rounds: 2, jobs: 200 },
  memoryJobs: 200,
  idleMs: 300,
  chat: SHORT_CHAT_SIZES,
};

export interface BenchOptions {
  sizes: Sizes;
  short: boolean;
  profile: boolean;
  /** Leaves the comparison with the floor out. */
  chatOnly: boolean;
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
      soak: { type: "boolean" },
      profile: { type: "boolean" },
    },
    allowPositionals: true,
  });
  const [count, ...rest] = positionals;
  if (rest.length > 0 || (count !== undefined && !(values.soak && /^[1-9]\d{0,8}$/.test(count)))) {
    throw new Error(`Unexpected "${rest[0] ?? count}": only --soak takes a number, the jobs to run.`);
  }
  const { short = false, chat = false, soak = false, profile = false } = values;
  return {
    sizes: short ? SHORT_SIZES : DEFAULT_SIZES,
    short,
    profile,
    chatOnly: chat,
    soakJobs: soak ? Number(count ?? SOAK_JOBS) : null,
  };
}
