import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessGuard } from "@millrace/host-core/process-guard";

const ROOT = join(import.meta.dirname, "../..");

/** For a drain with its timeout, or a server that closes; what takes longer is a violation. */
const STOP_WITHIN_MS = 30_000;

/** What a worker and an api say when they have started. */
const READY = /^(?:Taking jobs|Listening on)/;

/** One line of a program's structured log. */
export interface LogLine {
  readonly msg: string;
  readonly level?: number;
  readonly [field: string]: unknown;
}

/** One process that a place has had. */
export interface Incarnation {
  readonly slot: string;
  readonly pid: number;
  /** It has said that it does its work: takes jobs, or requests. */
  isReady: boolean;
  /** Of a worker that has said it. */
  workerId: string | null;
  /** When it was killed, in milliseconds since 1970. */
  killedAt: number | null;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  isExpectedToEnd: boolean;
}

export interface ProgramSlotOptions {
  /** Such as `worker-2`. */
  name: string;
  /** Path from the root of the repository. */
  program: string;
  /** With PATH and HOME everything that it sees. */
  environment: Readonly<Record<string, string>>;
  guard: ProcessGuard;
  onLine: (line: LogLine) => void;
  /** Told what must not happen: an end by itself, one that takes too long, words on stderr. */
  onTrouble: (text: string) => void;
}

/** A place for one process at a time, which is killed, paused and replaced there. */
export class ProgramSlot {
  readonly incarnations: Incarnation[] = [];
  readonly #options: ProgramSlotOptions;
  readonly #drains = new Set<Promise<void>>();

  constructor(options: ProgramSlotOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** The process of the moment, which may have ended. */
  get current(): Incarnation {
    const current = this.incarnations.at(-1);
    if (!current) throw new Error(`${this.name} has not been started`);
    return current;
  }

  /**
   * Whether what is here does its work. Processes that are killed again and again before they have begun would show
   * nothing, and on a busy machine nothing else would happen.
   */
  get isReady(): boolean {
    const { isReady, killedAt } = this.current;
    return isReady && killedAt === null;
  }

  start(): void {
    const { program, environment, guard, name } = this.#options;
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(process.execPath, [join(ROOT, program)], {
      cwd: ROOT,
      detached: true,
      env: { PATH, HOME, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`${name} could not be started`);
    guard.add(pid);
    const incarnation: Incarnation = {
      slot: name,
      pid,
      isReady: false,
      workerId: null,
      killedAt: null,
      child,
      exited: once(child, "close").then(() => guard.remove(pid)),
      isExpectedToEnd: false,
    };
    this.incarnations.push(incarnation);
    this.#watch(incarnation);
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { current } = this;
    current.isExpectedToEnd = true;
    current.killedAt ??= Date.now();
    current.child.kill("SIGKILL");
    await current.exited;
  }

  /** SIGSTOP for so long. One that has been replaced meanwhile goes on too. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    const { child } = this.current;
    child.kill("SIGSTOP");
    await delay(ms, undefined, { signal }).catch(() => undefined);
    child.kill("SIGCONT");
  }

  /** SIGTERM, with another process in its place at once. */
  drain(): void {
    const drained = this.#end(this.current);
    this.#drains.add(drained);
    void drained.finally(() => this.#drains.delete(drained));
    this.start();
  }

  /** Ends what runs here, as a deploy does. */
  async stop(): Promise<void> {
    if (this.incarnations.length > 0) await this.#end(this.current);
    await Promise.all(this.#drains);
  }

  async #end(incarnation: Incarnation): Promise<void> {
    const { child, pid, exited } = incarnation;
    incarnation.isExpectedToEnd = true;
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const isGone = exited.then(() => true);
    if (await Promise.race([isGone, delay(STOP_WITHIN_MS, false, { ref: false })])) return;
    this.#options.onTrouble(
      `${this.name} (process ${pid}) did not stop within ${STOP_WITHIN_MS} ms of SIGTERM`,
    );
    child.kill("SIGKILL");
    await exited;
  }

  #watch(incarnation: Incarnation): void {
    const { name, onLine, onTrouble } = this.#options;
    const { child, pid } = incarnation;
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new Error(`${name} has no output`);
    createInterface({ input: stdout }).on("line", (text) => {
      const line = parseLine(text);
      const { worker_id } = line;
      incarnation.isReady ||= READY.test(line.msg);
      if (typeof worker_id === "string") incarnation.workerId ??= worker_id;
      onLine(line);
    });
    createInterface({ input: stderr }).on("line", (text) =>
      onTrouble(`${name} (process ${pid}) wrote to stderr: ${text}`),
    );
    child.once("exit", (code, signal) => {
      const how = signal ?? `code ${code}`;
      // A worker that drains while Redis is away gives up with code 1; one that has only begun to start has no drain yet.
      const isClean = code === 0 || code === 1 || signal === "SIGTERM" || signal === "SIGKILL";
      const isRight = incarnation.isExpectedToEnd && isClean;
      if (!isRight) onTrouble(`${name} (process ${pid}) ended with ${how}`);
    });
  }
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}
