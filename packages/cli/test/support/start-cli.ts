import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const PROGRAM = join(import.meta.dirname, "../../bin/millrace.js");

export interface Ended {
  code: number | NodeJS.Signals;
  stdout: string;
  stderr: string;
}

interface RunningCli {
  readonly child: ChildProcess;
  /** How it has ended, and all that it has written. */
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  readonly written: Omit<Ended, "code">;
}

interface CliOptions {
  url: string;
  environment?: Record<string, string>;
  input?: string;
  /** The node that runs it. */
  node?: string;
  cwd?: string;
}

/** Only these of the test's own variables: a developer's settings must not change what is tested. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "MILLRACE_TEST_RUN"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** The real program as a process of its own. */
export function startCli(words: readonly string[], options: CliOptions): RunningCli {
  return startCommand(options.node ?? process.execPath, [PROGRAM, ...words], options);
}

/** The same on a terminal of 80 columns, by util-linux' `script`. */
export function startCliOnTerminal(words: readonly string[], options: CliOptions): RunningCli {
  const quoted = [process.execPath, PROGRAM, ...words].map(
    (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  const command = `stty cols 80; exec ${quoted.join(" ")}`;
  const environment = { TERM: "xterm", ...options.environment };
  return startCommand("script", ["-qefc", command, "/dev/null"], { ...options, environment });
}

export function startCommand(command: string, words: readonly string[], options: CliOptions): RunningCli {
  const child = spawn(command, words, {
    env: { ...inherited(), MILLRACE_URL: options.url, ...options.environment },
    stdio: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // Whatever a test comes to, nothing of it goes on running.
  onTestFinished(() => void child.kill("SIGKILL"));
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.stderr += text));
  if (options.input !== undefined) child.stdin.end(options.input);
  const ended = once(child, "close").then(([code, signal]) => ({
    code: (code ?? signal) as number | NodeJS.Signals,
    ...written,
  }));
  return { child, ended, written };
}

/** Runs it to its end. */
export async function runCli(words: readonly string[], options: CliOptions): Promise<Ended> {
  return await startCli(words, { input: "", ...options }).ended;
}
