import type { AddressInfo } from "node:net";
import { ConfigError, type ModelDirectory } from "@millrace/contracts";
import { onStopSignals, readConfig, readModels } from "@millrace/service";
import { pino, type Logger } from "pino";
import { KeyRing } from "./access/key-ring.ts";
import { createApi } from "./api.ts";
import { parseApiConfig, type ApiConfig } from "./config.ts";

/** Time that requests in flight get to finish after a signal, in milliseconds. */
const SHUTDOWN_MS = 5_000;

const config = readConfig(parseApiConfig);
delete process.env["API_KEYS"];
if (config) await run(config);

async function run(settings: ApiConfig): Promise<void> {
  const logger = pino({ name: "api", level: settings.logLevel });
  const files = await readFiles(settings, logger);
  if (!files) return;
  const api = createApi({ config: settings, ...files, logger });
  onStopSignals((signal) => {
    logger.info({ signal }, "Stopping");
    void api.stop(SHUTDOWN_MS);
  });
  try {
    const url = urlOf(await api.listen());
    logger.info({ url }, `Listening on ${url}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    logger.fatal({ code }, listenProblem({ code, message }, settings));
    process.exitCode = 1;
    await api.stop(0);
  }
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

interface Files {
  models: ModelDirectory;
  keyRing: KeyRing;
}

/** Null when one of them is not right: the log says what. */
async function readFiles({ modelsFile, apiKeys }: ApiConfig, logger: Logger): Promise<Files | null> {
  try {
    return { models: await readModels(modelsFile), keyRing: await KeyRing.open(apiKeys) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logger.fatal(error.message);
    process.exitCode = 1;
    return null;
  }
}

function listenProblem(
  { code, message }: Pick<NodeJS.ErrnoException, "code" | "message">,
  { host, port }: ApiConfig,
): string {
  return code === "EADDRINUSE"
    ? `Port ${port} on ${host} is in use. Stop what uses it, or set PORT to another one.`
    : `Cannot listen on ${host}:${port}: ${message}. Correct HOST and PORT.`;
}
