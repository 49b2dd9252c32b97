import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Set in the environment of every test process, and so of all that it starts. */
export const TEST_RUN_VARIABLE = "MILLRACE_TEST_RUN";

export interface RunProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * The processes of a test run: those that run test files, and what these have started. Linux only: nowhere else can the
 * environment of another process be read.
 */
export function processesOf(testRun: string): RunProcess[] {
  if (!existsSync("/proc/self/environ")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readOf(pid, "environ").split("\0").includes(`${TEST_RUN_VARIABLE}=${testRun}`))
    .map((pid) => ({ pid: Number(pid), command: readOf(pid, "cmdline").replaceAll("\0", " ").trim() }));
}

/** Empty when the process has ended meanwhile, or belongs to another user. */
export function readOf(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
