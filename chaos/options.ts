import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

export const USAGE = `npm run chaos                          200 jobs while everything goes wrong for half a minute
npm run chaos -- --seed SEED           the same faults and jobs again
npm run chaos -- --jobs N --minutes M  N jobs within M minutes
npm run chaos -- --report FILE         writes the report to FILE.md and FILE.json`;

const DEFAULT_JOBS = 200;
const DEFAULT_MINUTES = 0.5;

export interface CommandOptions {
  seed: string;
  jobs: number;
  durationMs: number;
  /** Path without its ending. */
  report: string | null;
}

/** @throws Error that says what is wrong with the arguments. */
export function readOptions(args: readonly string[]): CommandOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { seed: text, jobs: text, minutes: text, report: text },
  });
  return {
    seed: seedOf(values.seed ?? randomBytes(4).toString("hex")),
    jobs: numberOf("--jobs", values.jobs, DEFAULT_JOBS, { least: 1, most: 100_000, isWhole: true }),
    durationMs: numberOf("--minutes", values.minutes, DEFAULT_MINUTES, { least: 0.1, most: 1_440 }) * 60_000,
    report: values.report?.replace(/\.(?:md|json)$/, "") ?? null,
  };
}

/** It stands in the idempotency keys. */
function seedOf(seed: string): string {
  if (/^[\w-]{1,40}$/.test(seed)) return seed;
  throw new Error("--seed takes 1 to 40 letters, digits, _ and -");
}

function numberOf(
  name: string,
  text: string | undefined,
  missing: number,
  { least, most, isWhole = false }: { least: number; most: number; isWhole?: boolean },
): number {
  const value = text === undefined ? missing : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new Error(`${name} takes a ${isWhole ? "whole " : ""}number from ${least} to ${most}`);
}
