import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import getPort, { portNumbers } from "get-port";
import { lockDataFolder } from "./data-folder-lock.ts";
import type { LogOutput } from "./log-output.ts";
import type { Service, ServiceProgram } from "./service.ts";

const BINARY = ".millrace/bin/redis-server";
const DATA_FOLDER = ".millrace/redis";
const HOST = "127.0.0.1";
/** Not 6379: a Redis that the machine runs already keeps its usual port. */
const PREFERRED_PORTS = portNumbers(6380, 6479);
const PORT_ATTEMPTS = 5;
const POLL_MS = 20;

export interface EmbeddedRedisOptions {
  launch: (program: ServiceProgram) => Promise<Service>;
  output: LogOutput;
  /** How long to wait for the Redis of a start that was killed. */
  patienceMs: number;
  signal: AbortSignal;
}

/**
 * Runs Redis for a start without `REDIS_URL`: on loopback only, with an append-only file, so that jobs survive a
 * restart, and never throwing data away for lack of memory. Resolves with its URL once it serves commands.
 */
export async function startEmbeddedRedis({
  launch,
  output,
  patienceMs,
  signal,
}: EmbeddedRedisOptions): Promise<string> {
  mkdirSync(DATA_FOLDER, { recursive: true });
  const onWait = (message: string) => output.write("millrace", message);
  const lock = await lockDataFolder(DATA_FOLDER, { patienceMs, signal, onWait });

  for (let attempt = 1; ; attempt++) {
    const port = await getPort({ port: PREFERRED_PORTS, host: HOST });
    const service = await launch({ name: "redis", command: BINARY, args: redisArguments(port) });
    lock.setRedisPid(service.processGroupId);
    const log = readLog(service, output, signal);
    const failure = await failureBeforeReady(service, port, signal);
    if (failure === undefined) {
      log.ready();
      return `redis://${HOST}:${port}`;
    }
    // Somebody else may have taken the port since it was found free.
    const portTaken = log.lines.some((line) => line.includes("Address already in use"));
    if (!portTaken || attempt === PORT_ATTEMPTS)
      throw new Error([...log.lines, `Redis ${failure}`].join("\n"));
  }
}

function redisArguments(port: number): string[] {
  const settings = {
    bind: HOST,
    port,
    dir: DATA_FOLDER,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    "maxmemory-policy": "noeviction",
    loglevel: "warning",
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/**
 * Redis greets at length on the level of warnings. What it says before it is ready is kept for the case that it never
 * is; afterwards its warnings are shown (" # " begins their text), but not those about a shutdown that was asked for.
 */
function readLog(service: Service, output: LogOutput, stop: AbortSignal) {
  const lines: string[] = [];
  let isReady = false;
  createInterface({ input: service.stdout }).on("line", (line) => {
    if (!isReady) lines.push(line);
    else if (line.includes(" # ") && !stop.aborted)
      output.write("redis", line.slice(line.indexOf(" # ") + 3));
  });
  output.copy("redis", service.stderr);
  return { lines, ready: () => (isReady = true) };
}

/**
 * Resolves with undefined when Redis serves commands, and with how it ended when it never did. While it reads its
 * append-only file it answers "-LOADING", however long that takes.
 */
async function failureBeforeReady(
  service: Service,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (service.isRunning()) {
    if (await answers(service, port)) return undefined;
    await setTimeout(POLL_MS, undefined, { signal });
  }
  return service.ended;
}

/** The process id tells it from another Redis that took the port first. */
function answers(service: Service, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, HOST, () => socket.end("PING\r\nINFO server\r\nQUIT\r\n"));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (answer += chunk));
    // A refused connection is an error first and closed then.
    socket.on("error", () => {});
    socket.once("close", () => {
      resolve(answer.startsWith("+PONG") && answer.includes(`process_id:${service.processGroupId}\r\n`));
    });
  });
}
