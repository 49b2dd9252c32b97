import { setFlagsFromString } from "node:v8";
import { ConfigError, type ModelDirectory } from "@millrace/contracts";
import { loadMcpConfig, type ServerSettings } from "@millrace/host-core";
import { fileVersion, onStopSignals, readConfig, readModels } from "@millrace/service";
import { pino, type Logger } from "pino";
import { parseWorkerConfig, type WorkerConfig } from "./config.ts";
import { startWarmHost } from "./warm-host.ts";
import type { createWorker } from "./worker.ts";

/** Beyond the drain timeout, everything else has this long to end; then the process ends all the same. */
const STOP_MARGIN_MS = 10_000;

/** For what ends by itself after everything has been stopped. */
const LINGER_MS = 500;

type Worker = ReturnType<typeof createWorker>;

const config = readConfig(parseWorkerConfig);
if (config) await run(config);

async function run(settings: WorkerConfig): Promise<void> {
  const logger = pino({ name: "worker", level: settings.logLevel });
  const readVersion = fileVersion(settings.mcp.path);
  const files = await readFiles(settings, logger);
  if (!files) return;
  const { servers, models } = files;
  const warmHost = startWarmHost(servers, logger);
  // The servers start while the rest is loaded, which takes as long.
  const { createWorker } = await import("./worker.ts");
  const worker = createWorker({ config: settings, warmHost, models, readVersion, logger });
  onStopSignals((signal) => {
    logger.info({ signal }, "Draining");
    setTimeout(() => {
      logger.error("Could not stop in time; what still runs will be recovered by another worker");
      process.exit(1);
    }, settings.drainTimeoutMs + STOP_MARGIN_MS).unref();
    void stop(worker, logger);
  });
  await worker.start();
  // By default the heap may grow to several times what lives in it before it is collected: with a thousand chats at once
  // 412 to 513 MiB were measured, and with this 362 to 398, for a tenth more processor time. Not while all is loaded,
  // where it would cost a tenth of the time as well.
  setFlagsFromString("--heap-growing-percent=25");
}

async function stop(worker: Worker, logger: Logger): Promise<void> {
  await worker.stop();
  logger.info("Stopped");
  // Connections that cannot be closed while Redis is away do not hold the process up.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

interface Files {
  servers: readonly ServerSettings[];
  models: ModelDirectory;
}

/** Null when one of them is not right: the log says what. */
async function readFiles({ mcp, modelsFile }: WorkerConfig, logger: Logger): Promise<Files | null> {
  try {
    const models = await readModels(modelsFile);
    const { servers, warnings } = await loadMcpConfig(mcp);
    for (const warning of warnings) logger.warn(warning);
    return { servers, models };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logger.fatal(error.message);
    process.exitCode = 1;
    return null;
  }
}
