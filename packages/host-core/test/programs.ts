import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** Starts a program with node and waits for its first line; it is killed when the test ends, if not before. */
export async function startProgram(path: string, args: string[] = []) {
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  const [firstLine] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { firstLine, kill, pid: child.pid };
}

/** Whether a process still runs. One that has ended and that nobody has asked about (a zombie) does not. */
export function isRunning(pid: unknown): boolean {
  if (typeof pid !== "number") throw new TypeError(`${String(pid)} is no process id`);
  try {
    if (process.platform !== "linux") return process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return false;
  }
}
