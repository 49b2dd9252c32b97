import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { processesOf } from "./run-processes.ts";

const POLL_MS = 100;
const ROUNDS_MAX = 100;

/**
 * Ends what a test run has left, once the process that holds its stdin has ended, be it by SIGKILL. The guards of the
 * processes that it ends see to their groups themselves, and then end.
 */
const [testRun = ""] = process.argv.slice(2);
await once(process.stdin.resume(), "end");
for (let round = 0; round < ROUNDS_MAX; round += 1) {
  const left = processesOf(testRun).filter(({ command }) => !command.includes("process-guard.sh"));
  if (left.length === 0) break;
  for (const { pid } of left) end(pid);
  await setTimeout(POLL_MS);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
