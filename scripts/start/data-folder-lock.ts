import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Who uses the data folder: the process that started, and its Redis as soon as there is one. */
interface Holder {
  starterPid: number;
  redisPid: number | null;
}

export interface DataFolderLock {
  setRedisPid(pid: number): void;
}

export interface LockOptions {
  patienceMs: number;
  signal: AbortSignal;
  onWait: (message: string) => void;
}

/** Longer than two starters at the same moment need between their look at the lock and their taking it. */
const SETTLE_MS = 100;
const POLL_MS = 200;

/**
 * Makes sure that one Redis at a time uses a data folder: two on one append-only file destroy it. The lock is a file
 * with process ids in it, and holds as long as one of them lives, so nobody has to clear it, also after a kill.
 * A Redis whose starter is gone is being stopped by the process guard, so it is waited for.
 *
 * @throws when another start uses the folder, or its Redis does not stop within `patienceMs`.
 */
export async function lockDataFolder(
  folder: string,
  { patienceMs, signal, onWait }: LockOptions,
): Promise<DataFolderLock> {
  const path = join(folder, "lock.json");
  const deadline = performance.now() + patienceMs;
  let announced = false;

  for (;;) {
    const holder = readHolder(path);
    if (holder === undefined || !isAlive(holder)) {
      write(path, { starterPid: process.pid, redisPid: null });
      await setTimeout(SETTLE_MS, undefined, { signal });
      if (readHolder(path)?.starterPid !== process.pid) continue;
      return { setRedisPid: (redisPid) => write(path, { starterPid: process.pid, redisPid }) };
    }
    if (isStarter(holder.starterPid) || performance.now() > deadline) throw new Error(inUse(folder, holder));
    if (!announced) onWait(`waiting for the Redis of an earlier start to stop (process ${holder.redisPid})`);
    announced = true;
    await setTimeout(POLL_MS, undefined, { signal });
  }
}

function inUse(folder: string, { starterPid, redisPid }: Holder): string {
  const pid = isStarter(starterPid) ? starterPid : redisPid;
  return [
    `another start (process ${pid}) uses the Redis data in ${folder}, and two on the same data would destroy it.`,
    `Stop that one first, or name a Redis for this one, and another port for its api:`,
    `  REDIS_URL=redis://127.0.0.1:<port of a Redis> PORT=8001 npm start`,
  ].join("\n");
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined; // no lock, or one that a crash of the machine cut short
  }
}

/** Atomic: a reader sees the old holder or the new one, never half a file. */
function write(path: string, holder: Holder): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
  renameSync(draft, path);
}

function isAlive({ starterPid, redisPid }: Holder): boolean {
  return isStarter(starterPid) || (redisPid !== null && commandLine(redisPid).includes("redis-server"));
}

/** In a container the ids of an earlier start come again, this process's own first of all. */
function isStarter(pid: number): boolean {
  return pid !== process.pid && commandLine(pid).includes("start.ts");
}

/** Empty when there is no such process. The command is looked at because ids are used again after a restart. */
function commandLine(pid: number): string {
  try {
    return existsSync("/proc/self")
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
      : execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8", stdio: "pipe" });
  } catch {
    return "";
  }
}
