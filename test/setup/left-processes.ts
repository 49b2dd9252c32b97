import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Set in the environment of every test process, and so of all that it starts. */
export const TEST_RUN_VARIABLE = "MILLRACE_TEST_RUN";

/**
 * The processes that tests of this run started and did not end, one line each. Linux only: nowhere else can the
 * environment of another process be read. Vitest's own processes are not among them: the main one was started before
 * the variable was set, and those that run test files, or watch over them, are its children.
 */
export function leftProcesses(testRun: string): string[] {
  if (!existsSync("/proc/self/environ")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, "environ").split("\0").includes(`${TEST_RUN_VARIABLE}=${testRun}`))
    .filter((pid) => !isTestRunner(pid))
    .map((pid) => `process ${pid}: ${read(pid, "cmdline").replaceAll("\0", " ").trim()}`);
}

function isTestRunner(pid: string): boolean {
  return read(pid, "cmdline").includes("vitest") && parentOf(pid) === process.pid;
}

/** "1234 (name) S 1 …": the name may hold spaces and parentheses, so the fields are counted from its end. */
function parentOf(pid: string): number {
  const stat = read(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Empty when the process has ended meanwhile, or belongs to another user. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
