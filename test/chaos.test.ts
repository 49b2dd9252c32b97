import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { runChaos } from "../chaos/run-chaos.ts";

const IS_FULL = process.env["MILLRACE_TEST_SIZE"] === "full";

/** The full size takes 20 minutes and a seed that nobody has tried; it is printed, so that it can be run again. */
const SIZE = IS_FULL
  ? { seed: randomBytes(4).toString("hex"), jobs: 2_000, durationMs: 20 * 60_000, leastKills: 100 }
  : { seed: "millrace", jobs: 200, durationMs: 25_000, leastKills: 1 };

/** Beyond the time in which faults happen: the start, the last recoveries, and the retention of the last job. */
const MORE_MS = IS_FULL ? 1_200_000 : 300_000;

test(
  "[chaos.run] everything goes wrong while jobs run, and nothing that is promised is broken",
  async ({ annotate, signal }) => {
    const { leastKills, ...options } = SIZE;
    await annotate(`seed ${options.seed}`);
    const happened: string[] = [];
    const onProgress = (text: string): void => void happened.push(text);
    const report = await runChaos({ ...options, signal, onProgress });
    const run = `npm run chaos -- --seed ${options.seed} --jobs ${options.jobs} --minutes ${options.durationMs / 60_000}`;
    expect(report.violations, [run, ...happened].join("\n")).toEqual([]);
    expect(report.jobs).toBe(options.jobs);
    expect(report.kills).toBeGreaterThanOrEqual(leastKills);
  },
  SIZE.durationMs + MORE_MS,
);
