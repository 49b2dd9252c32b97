import { readdirSync, readFileSync } from "node:fs";

/** Set in the environment of every process of a run. */
export const RUN_VARIABLE = "MILLRACE_CHAOS_RUN";

/** The processes of a run that are still there, one line each. Linux only: nowhere else can they be found. */
export function leftProcesses(run: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, "environ").split("\0").includes(`${RUN_VARIABLE}=${run}`))
    .map((pid) => `process ${pid}: ${read(pid, "cmdline").replaceAll("\0", " ").trim()}`);
}

/** Empty when the process has ended meanwhile. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
