import { expect, test } from "vitest";
import { faultName } from "../chaos/fault.ts";
import { isKill, planFaults } from "../chaos/fault-plan.ts";
import { planJobs } from "../chaos/job-plan.ts";
import { readOptions } from "../chaos/options.ts";

const HOUR_MS = 3_600_000;
const faultsOf = (seed: string) => planFaults({ seed, durationMs: HOUR_MS, everyMs: 3_600 });
const jobsOf = (seed: string) => planJobs({ seed, jobs: 500, durationMs: HOUR_MS, retentionSeconds: 60 });

test("[chaos.seed] faults and jobs follow from the seed alone", () => {
  expect(faultsOf("one")).toEqual(faultsOf("one"));
  expect(jobsOf("one")).toEqual(jobsOf("one"));
  expect(faultsOf("two")).not.toEqual(faultsOf("one"));
  expect(jobsOf("two")).not.toEqual(jobsOf("one"));
});

test("[chaos.seed] a plan has every kind of fault, in order and within its time, many of them kills", () => {
  const plan = faultsOf("any");
  expect([...new Set(plan.map(({ fault }) => faultName(fault)))].toSorted()).toEqual([
    "api.kill",
    "api.pause",
    "mcp.kill",
    "mcp.pause",
    "network.black_hole",
    "network.cut",
    "network.pause",
    "redis.restart",
    "reload",
    "worker.drain",
    "worker.kill",
    "worker.pause",
  ]);
  const times = plan.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(HOUR_MS);
  expect(plan.filter(({ fault }) => isKill(fault)).length).toBeGreaterThan(plan.length / 3);
});

test("[chaos.seed] no two jobs have the same key", () => {
  const keys = jobsOf("any").map(({ key }) => key);
  expect(new Set(keys).size).toBe(500);
});

test("[chaos.command] the command takes a seed, sizes and a file, and refuses what it cannot read", () => {
  expect(
    readOptions(["--seed", "x1", "--jobs", "2000", "--minutes", "20", "--report", "docs/run.md"]),
  ).toEqual({ seed: "x1", jobs: 2_000, durationMs: 1_200_000, report: "docs/run" });
  expect(readOptions([])).toMatchObject({ jobs: 200, durationMs: 30_000, report: null });
  expect(readOptions([]).seed).not.toBe(readOptions([]).seed);
  expect(() => readOptions(["--jobs", "1.5"])).toThrow("--jobs takes a whole number from 1 to 100000");
  expect(() => readOptions(["--minutes", "x"])).toThrow("--minutes takes a number");
  expect(() => readOptions(["--seed", "a b"])).toThrow("--seed takes");
  expect(() => readOptions(["--sed", "a"])).toThrow("--sed");
});
