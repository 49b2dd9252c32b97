import { spawn } from "node:child_process";
import { once } from "node:events";
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
