import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { startProcessGuard } from "@millrace/host-core/process-guard";
import { PROBE_PROGRAM } from "./probe.ts";
import { askProgram } from "./questions.ts";

const ROOT = join(import.meta.dirname, "..");
/** For a worker that drains and an api that closes; then its group is killed. In milliseconds. */
const GRACE_MS = 10_000;

export interface Program {
  name: string;
  /** Path from the root of the repository, run by this Node. */
  program: string;
  /** With PATH and HOME everything that it sees: settings of the user's shell must not change figures. */
  environment: Readonly<Record<string, string>>;
}

export interface RunningProgram {
  readonly processId: number;
  /** Asks the probe, which is in every program, or the program itself. See `questions.ts`. */
  ask<Value>(question: string): Promise<Value>;
}

export type Launch = (program: Program) => Promise<RunningProgram>;

export interface LauncherOptions {
  /** Told when a program ends before it is stopped. */
  onUnexpectedEnd: (error: Error) => void;
  /** Folder for CPU profiles, which each program then writes when it is stopped. */
  profileFolder: string | null;
}

/**
 * Starts programs, and stops them in reverse when it is disposed of. Each leads a process group of its own, so that
 * a Ctrl-C in the terminal reaches this process alone; a guard ends them when this process is killed.
 */
export function createLauncher({ onUnexpectedEnd, profileFolder }: LauncherOptions) {
  const guard = startProcessGuard({ graceMs: GRACE_MS });
  const running: ChildProcess[] = [];
  let stopping = false;

  async function launch({ name, program, environment }: Program): Promise<RunningProgram> {
    const { PATH = "", HOME = "" } = process.env;
    const profiling = profileFolder === null ? [] : profileArguments(profileFolder, name);
    const child = spawn(process.execPath, ["--import", PROBE_PROGRAM, ...profiling, program], {
      cwd: ROOT,
      detached: true,
      env: { PATH, HOME, ...environment },
      // Logs beside the table, not in it.
      stdio: ["ignore", process.stderr, process.stderr, "ipc"],
    });
    const processId = child.pid;
    if (processId === undefined)
      throw new Error(`${name} did not start`, { cause: await once(child, "error") });
    guard.add(processId);
    running.push(child);
    child.once("exit", (code, signal) => {
      guard.remove(processId);
      if (!stopping) onUnexpectedEnd(new Error(`the ${name} ended by itself (${signal ?? `code ${code}`})`));
    });
    return { processId, ask: (question) => askProgram(child, question) };
  }

  return {
    launch,
    async [Symbol.asyncDispose](): Promise<void> {
      stopping = true;
      for (const child of running.toReversed()) await stop(child);
      await guard.close();
    },
  };
}

function profileArguments(folder: string, name: string): string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await Promise.race([exited, setTimeout(GRACE_MS, undefined, { ref: false })]);
  }
  try {
    // What it left behind, and itself if it did not end: an MCP server of the floor is in this group.
    process.kill(-Number(child.pid), "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}
