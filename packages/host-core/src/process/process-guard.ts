import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("process-guard.sh", import.meta.url));

/**
 * Ends the registered process groups when this process dies, also by SIGKILL, which no process can react to
 * itself. A small `sh` program in a session of its own waits on a pipe that only this process holds; when
 * the pipe closes it takes the groups that are left: SIGTERM, up to `graceMs`, SIGKILL.
 */
export interface ProcessGuard {
  /** Process id of the guard program; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Registers a group. Do it in the same tick as the spawn: until then a SIGKILL leaves it behind. */
  add(processGroupId: number): void;
  /** Forgets a group, once none of its processes is left: its id may be given to others from then on. */
  remove(processGroupId: number): void;
  /** Closes the pipe and waits until the guard has ended. Groups that are still registered are ended. */
  close(): Promise<void>;
}

export interface ProcessGuardOptions {
  /** Time between SIGTERM and SIGKILL for each group, in milliseconds. 0 kills at once. */
  graceMs: number;
  /**
   * `last first`, the default: a group's turn comes once those that were added after it are gone; `together`: `graceMs`
   * is for all of them.
   */
  order?: "last first" | "together";
  /** Called when the guard ends without being closed: from then on nothing is guarded. */
  onLost?: (reason: string) => void;
}

/** Resolves, after telling why, when the program has ended or could not be started. */
async function watch(guard: ChildProcess, onEnd: (reason: string) => void): Promise<void> {
  try {
    const [code, signal] = (await once(guard, "exit")) as [number | null, NodeJS.Signals | null];
    onEnd(`the process guard ended with ${signal ?? code}`);
  } catch (error) {
    onEnd(`the process guard could not be started: ${(error as Error).message}`);
  }
}

/** @throws RangeError when `graceMs` is no whole number of milliseconds, 0 or more. */
export function startProcessGuard({
  graceMs,
  order = "last first",
  onLost,
}: ProcessGuardOptions): ProcessGuard {
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
    throw new RangeError(`graceMs must be a whole number of milliseconds, 0 or more; got ${graceMs}`);
  }
  const guard = spawn("sh", [PROGRAM, String(graceMs), order], {
    // A session of its own: a signal to the parent's group or terminal does not reach it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  let closing = false;
  const ended = watch(guard, (reason) => {
    if (!closing) onLost?.(reason);
  });
  // A guard that is gone is reported by its exit; the broken pipe says the same again.
  guard.stdin.on("error", () => {});
  // The guard must not keep its parent alive.
  guard.unref();
  (guard.stdin as Socket).unref();

  const write = (verb: "add" | "remove", processGroupId: number) => {
    if (!Number.isSafeInteger(processGroupId) || processGroupId <= 1) {
      throw new RangeError(`a process group id is a whole number above 1; got ${processGroupId}`);
    }
    if (guard.stdin.writable) guard.stdin.write(`${verb} ${processGroupId}\n`);
  };

  return {
    pid: guard.pid,
    add: (processGroupId) => write("add", processGroupId),
    remove: (processGroupId) => write("remove", processGroupId),
    async close() {
      closing = true;
      guard.ref();
      guard.stdin.end();
      await ended;
    },
  };
}
