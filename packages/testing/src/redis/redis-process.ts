import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { startProcessGuard } from "@millrace/host-core/process-guard";
import getPort from "get-port";
import { Redis } from "ioredis";

const BINARY = join(import.meta.dirname, "../../../../.millrace/bin/redis-server");
const GUARD_GRACE_MS = 1_000;
const CONNECT_RETRY_MS = 20;

export interface RedisProcessOptions {
  /** A free one by default. */
  port?: number;
  /** Keeps an append-only file in this folder. By default nothing is written to disk. */
  appendOnlyFolder?: string;
  /** Further settings, by their names in redis.conf. */
  settings?: Readonly<Record<string, string | number>>;
}

/**
 * A Redis server of one's own, for what a test does to Redis rather than with it. It stays on its port and keeps its
 * data folder over `kill` and `restart`. It ends with the test process, also when that is killed.
 *
 * running ──pause──▶ paused ──resume──▶ running; running or paused ──kill──▶ dead ──restart──▶ running.
 */
export interface RedisProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly binary: string;
  /** SIGSTOP: connections stay open and nothing answers, as with a half-open network. Resolves when it has stopped. */
  pause(): Promise<void>;
  resume(): void;
  /** SIGKILL, the crash of the Redis process. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port. Resolves when it has loaded its data. */
  restart(): Promise<void>;
  /** Harmless when it is closed already. */
  close(): Promise<void>;
}

export async function startRedisProcess(options: RedisProcessOptions = {}): Promise<RedisProcess> {
  if (!existsSync(BINARY)) throw new Error(`no Redis at ${BINARY}: run \`sh scripts/setup.sh\` first`);
  const port = options.port ?? (await getPort({ host: "127.0.0.1" }));
  const url = `redis://127.0.0.1:${port}`;
  // A folder of its own: Redis loads the dump that it finds, and a replica writes one.
  const ownFolder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  const args = redisArguments(port, ownFolder, options);
  const guard = startProcessGuard({ graceMs: GUARD_GRACE_MS });
  let running: ChildProcess | undefined;

  async function start(): Promise<void> {
    const child = spawn(BINARY, args, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
    running = child;
    const processGroupId = child.pid;
    if (processGroupId === undefined)
      throw new Error(`${BINARY} could not be started`, { cause: await once(child, "error") });
    guard.add(processGroupId);
    child.once("exit", () => guard.remove(processGroupId));
    await untilReady(child, url);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  // SIGKILL: a paused process would never see a milder signal.
  const close = async () => {
    await end("SIGKILL");
    await guard.close();
    await rm(ownFolder, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url,
    port,
    binary: readlinkSync(BINARY),
    async pause() {
      const processId = running?.pid;
      if (processId === undefined) return;
      process.kill(processId, "SIGSTOP");
      while (mayRun(processId)) await nextTurn();
    },
    resume: () => void running?.kill("SIGCONT"),
    kill: () => end("SIGKILL"),
    async restart() {
      await end("SIGKILL");
      await start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The kernel stops a process a little after the signal. False where nothing tells. */
function mayRun(processId: number): boolean {
  try {
    return !/\) [Tt] /.test(readFileSync(`/proc/${processId}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function redisArguments(
  port: number,
  ownFolder: string,
  { appendOnlyFolder, settings: given }: RedisProcessOptions,
): string[] {
  if (appendOnlyFolder !== undefined) mkdirSync(appendOnlyFolder, { recursive: true });
  const settings = {
    bind: "127.0.0.1",
    port,
    dir: appendOnlyFolder ?? ownFolder,
    appendonly: appendOnlyFolder === undefined ? "no" : "yes",
    appendfsync: "everysec",
    save: "",
    "maxmemory-policy": "noeviction",
    loglevel: "warning",
    ...given,
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** @throws with what Redis said when it ends before it is ready. */
async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let log = "";
  child.stdout?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const client = new Redis(url, { retryStrategy: () => CONNECT_RETRY_MS, maxRetriesPerRequest: null });
  client.on("error", () => {}); // not there yet
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`Redis ended with code ${code} before it was ready:\n${log}`);
  });
  try {
    const information = await Promise.race([client.info("server"), ended]);
    // Another Redis has the port and answers; this one is about to say that it cannot have it.
    if (!information.includes(`process_id:${child.pid}\r\n`)) await ended;
  } finally {
    client.disconnect();
    ended.catch(() => {}); // ends later than ready: nobody waits for that any more
    child.stdout?.removeAllListeners("data").resume();
  }
}
