import { processesOf, readOf, type RunProcess } from "./run-processes.ts";

/**
 * The processes that tests of this run started and did not end, one line each. Vitest's own processes are not among
 * them: the main one was started before the variable was set, and those that run test files, or watch over them, are
 * its children.
 */
export function leftProcesses(testRun: string): string[] {
  return processesOf(testRun)
    .filter((found) => !isTestRunner(found))
    .map(({ pid, command }) => `process ${pid}: ${command}`);
}

function isTestRunner({ pid, command }: RunProcess): boolean {
  return command.includes("vitest") && parentOf(pid) === process.pid;
}

/** "1234 (name) S 1 …": the name may hold spaces and parentheses, so the fields are counted from its end. */
function parentOf(pid: number): number {
  const stat = readOf(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
