import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { LogLabel } from "./log-output.ts";

const LAST_OUTPUT_MS = 500;

export interface ServiceProgram {
  name: LogLabel;
  command: string;
  args: readonly string[];
  environment?: Record<string, string>;
}

/** A running child process, the leader of a process group of its own: a Ctrl-C in the terminal does not reach it. */
export interface Service {
  readonly name: LogLabel;
  readonly processGroupId: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How it ended ("exited with code 1"); resolves once its output has been read, and never rejects. */
  readonly ended: Promise<string>;
  isRunning(): boolean;
  /** SIGTERM to the process, SIGKILL to its group when `graceMs` are over. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL to the whole group, at once. */
  kill(): void;
}

/** @throws when the program cannot be started. */
export async function startService(
  program: ServiceProgram,
  onSpawn: (group: number) => void,
): Promise<Service> {
  const child = spawn(program.command, program.args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...program.environment },
  });
  const processGroupId = child.pid;
  if (processGroupId === undefined) {
    const [error] = (await once(child, "error")) as [Error];
    throw new Error(`${program.name} could not be started: ${error.message}`);
  }
  onSpawn(processGroupId);

  let running = true;
  const outputRead = once(child, "close");
  const ended = once(child, "exit").then(async ([code, signal]) => {
    running = false;
    signalGroup(processGroupId, "SIGKILL"); // what it started and left behind
    // Its last lines say why it ended, so they come first. A stray heir of its output must not hold this up, though.
    await Promise.race([outputRead, setTimeout(LAST_OUTPUT_MS, undefined, { ref: false })]);
    return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  });

  const kill = () => signalGroup(processGroupId, "SIGKILL");
  return {
    name: program.name,
    processGroupId,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    isRunning: () => running,
    kill,
    async stop(graceMs) {
      if (!running) return;
      // To the leader alone: what it started is its own to stop, in its own order.
      child.kill("SIGTERM");
      const timer = new AbortController();
      void setTimeout(graceMs, undefined, { signal: timer.signal }).then(kill, () => {});
      await ended;
      timer.abort();
    },
  };
}

function signalGroup(processGroupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-processGroupId, signal);
  } catch {
    // Nobody is left in the group.
  }
}
