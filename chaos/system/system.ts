import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModelServer, startRedisProcess, type ModelServer, type RedisProcess } from "@millrace/testing";
import { APIS, WORKERS, type Place } from "../fault.ts";
import type { Violation } from "../violation.ts";
import { Fleet, type Member } from "./fleet.ts";
import { RUN_VARIABLE } from "./left-processes.ts";
import { writeMcpFile } from "./mcp-file.ts";
import { CHAT_SCRIPT } from "./model-script.ts";
import { stablePort } from "./stable-port.ts";
import { SystemLog } from "./system-log.ts";

export const KEY_PREFIX = "chaos";

/** Short, so that a drain meets jobs that do not end in time. */
const DRAIN_SECONDS = "2";

export interface SystemOptions {
  /** Default 3 and 2. */
  workers?: number;
  apis?: number;
  /** What runs as a worker, from the root of the repository; default the real one. */
  workerProgram?: string;
}

/** The whole product as real processes: each with a network of its own to one Redis, and a folder of ledgers. */
export interface System extends AsyncDisposable {
  /** In the environment of all its processes. */
  readonly run: string;
  readonly redis: RedisProcess;
  readonly models: ModelServer;
  readonly workers: readonly Member[];
  readonly apiUrls: readonly string[];
  readonly ledgerFolder: string;
  /** What processes did that they must not do. */
  readonly troubles: readonly Violation[];
  at(place: Place): Member;
  /** Changes the file of the MCP servers; see `writeMcpFile`. */
  rewriteMcpFile(atOnce: number): Promise<void>;
  /** Ends workers and apis as a deploy does. */
  stop(): Promise<void>;
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { workers = WORKERS, apis = APIS, workerProgram = "apps/worker/src/main.ts" } = options;
  await using stack = new AsyncDisposableStack();
  const run = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const ledgerFolder = join(folder, "ledgers");
  await mkdir(ledgerFolder);
  const appendOnlyFolder = join(folder, "redis");
  const redis = stack.use(await startRedisProcess({ appendOnlyFolder, port: await stablePort() }));
  const models = stack.use(await startModelServer({ script: CHAT_SCRIPT }));
  const mcpFile = {
    path: join(folder, "mcp-servers.json"),
    ledgerFolder,
    environment: { [RUN_VARIABLE]: run },
  };
  await writeMcpFile(mcpFile);
  const log = new SystemLog();
  const environment = {
    [RUN_VARIABLE]: run,
    REDIS_KEY_PREFIX: KEY_PREFIX,
    LOG_LEVEL: "info",
    NODE_COMPILE_CACHE: ".millrace/compile-cache",
    ...(await modelSettings(folder, models)),
  };
  const fleet = stack.use(new Fleet({ redisPort: redis.port, environment, log }));
  for (let index = 0; index < apis; index += 1) await fleet.startApi();
  const settings = { MCP_CONFIG_FILE: mcpFile.path, DRAIN_TIMEOUT_SECONDS: DRAIN_SECONDS };
  for (let index = 0; index < workers; index += 1) await fleet.startWorker(workerProgram, settings);

  const parts = stack.move();
  return {
    run,
    redis,
    models,
    workers: fleet.workers,
    apiUrls: fleet.apiUrls,
    ledgerFolder,
    troubles: log.troubles,
    at: (place) => fleet.at(place),
    rewriteMcpFile: (atOnce) => writeMcpFile(mcpFile, atOnce),
    stop: () => fleet.stop(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function modelSettings(folder: string, models: ModelServer): Promise<Record<string, string>> {
  const path = join(folder, "models.json");
  const claude = { provider: "anthropic", model: "claude-scripted" };
  const gpt = { provider: "openai", model: "gpt-scripted" };
  await writeFile(path, JSON.stringify({ models: { claude, gpt } }));
  return {
    MODELS_CONFIG_FILE: path,
    ANTHROPIC_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: models.url,
    OPENAI_API_KEY: "scripted",
    OPENAI_BASE_URL: models.openaiUrl,
  };
}
