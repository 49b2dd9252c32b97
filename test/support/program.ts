import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { HttpClient } from "./http-client.ts";
import { LogLines } from "./log-lines.ts";

const PROJECT = join(import.meta.dirname, "../..");

/** A real `main.ts` as a process of its own, as it is deployed. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** What it writes to stdout: structured log lines. */
  readonly log: LogLines;
  /** What it writes to stderr. */
  readonly errors: LogLines;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and how it ended. */
  stop(): Promise<number | NodeJS.Signals>;
}

/** Only these of the test's own variables: a developer's settings must not change what is tested. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "MILLRACE_TEST_RUN"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

export function startProgram(app: "api" | "worker", environment: Record<string, string>): Program {
  const child = spawn(process.execPath, [join(PROJECT, "apps", app, "src/main.ts")], {
    cwd: PROJECT,
    env: { ...inherited(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = new LogLines();
  const errors = new LogLines();
  child.stdout.setEncoding("utf8").on("data", (text: string) => log.write(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.write(text));
  // "close" comes when the output has been read to its end too.
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const stop = (): typeof ended => {
    child.kill("SIGTERM");
    return ended;
  };
  return {
    pid: child.pid ?? 0,
    log,
    errors,
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** The api's client, once it listens. */
export async function listening(program: Program): Promise<HttpClient> {
  const { url } = await logged(program, ({ url: address }) => typeof address === "string");
  return new HttpClient(String(url));
}

/** A line of its log; an error with all that it wrote when it ends before. */
export async function logged(program: Program, fits: Parameters<LogLines["line"]>[0]) {
  const { log, errors } = program;
  const ended = program.ended.then((code) => {
    throw new Error(`it ended with ${code} before:\n${log.text}\n${errors.text}`);
  });
  return await Promise.race([log.line(fits), ended]);
}
