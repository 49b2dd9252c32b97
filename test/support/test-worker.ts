import { fileVersion, readModels } from "@millrace/service";
import type { ServerSettings } from "@millrace/host-core";
import { pino } from "pino";
import { parseWorkerConfig } from "../../apps/worker/src/config.ts";
import { startWarmHost } from "../../apps/worker/src/warm-host.ts";
import { createWorker } from "../../apps/worker/src/worker.ts";
import { LogLines } from "./log-lines.ts";

/** A worker of this process. Its servers have connected, or failed, and the fleet knows of it. */
export interface TestWorker extends AsyncDisposable {
  readonly log: LogLines;
  close(): Promise<void>;
}

/** What still runs when a test ends is of no interest, so nothing is waited for. */
const ENVIRONMENT = { LOG_LEVEL: "debug", DRAIN_TIMEOUT_SECONDS: "0" };

export async function startWorker(
  servers: ServerSettings[],
  environment: Record<string, string>,
): Promise<TestWorker> {
  const config = parseWorkerConfig({ ...ENVIRONMENT, ...environment });
  const models = await readModels(config.modelsFile);
  const log = new LogLines();
  const logger = pino({ level: config.logLevel }, log);
  const warmHost = startWarmHost(servers, logger);
  const readVersion = fileVersion(config.mcp.path);
  const worker = createWorker({ config, warmHost, models, readVersion, logger });
  const close = () => worker.stop();
  try {
    await worker.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { log, close, [Symbol.asyncDispose]: close };
}
