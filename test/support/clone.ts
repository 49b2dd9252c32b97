import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { onTestFinished, vi } from "vitest";

const ROOT = realpathSync(join(import.meta.dirname, "../.."));

/** A copy of this repository as a user has it after the set-up, with a data folder of its own. */
export function createClone(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-clone-")));
  for (const name of ["apps", "config", "data", "scripts", "package.json"]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, ".millrace"));
  symlinkSync(join(ROOT, ".millrace/bin"), join(folder, ".millrace/bin"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface RunningStart {
  child: ChildProcess;
  url: string;
  /** All that it has printed so far. */
  output: () => string;
}

/** Runs `scripts/start.ts` in the clone; resolves when it says that it is ready. */
export async function startClone(
  folder: string,
  environment: Record<string, string> = {},
): Promise<RunningStart> {
  const port = await getPort({ host: "127.0.0.1" });
  const child = spawn(process.execPath, ["scripts/start.ts"], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: String(port),
      REDIS_URL: "",
      API_KEYS: "",
      ...environment,
      PATH: `${folder}/node_modules/.bin:${process.env["PATH"]}`,
      PWD: folder,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await untilGone(folder);
  });
  let printed = "";
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ready = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.includes("Ctrl-C stops everything")) ready.resolve();
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the start ended with ${code}:\n${printed}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ready.promise, ended]);
  return { child, url: `http://127.0.0.1:${port}`, output: () => printed };
}

/** The processes that work in the clone's folder: the starter, the api, the worker, Redis and the MCP servers. */
export function processesIn(folder: string): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && workingFolder(pid).startsWith(folder));
}

export async function untilGone(folder: string): Promise<void> {
  await vi.waitUntil(() => processesIn(folder).length === 0, { timeout: 20_000, interval: 50 });
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}
