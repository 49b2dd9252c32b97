import { serve } from "@hono/node-server";
import { createJobStore } from "@millrace/job-store";
import { onStopSignals, readModels } from "@millrace/service";
import { pino } from "pino";
import { createApp } from "./app.ts";
import { parseApiConfig, type ApiConfig } from "./config.ts";

/** Time that requests in flight get to finish after a signal, in milliseconds. */
const SHUTDOWN_MS = 5_000;
const IDLE_CHECK_MS = 100;

const config = readConfig();
if (config) await run(config);

async function run(settings: ApiConfig): Promise<void> {
  const logger = pino({ name: "api", level: settings.logLevel });
  const models = await readModels(settings.modelsFile).catch((error: Error) => {
    logger.fatal(error.message);
    process.exitCode = 1;
  });
  if (!models) return;
  const store = createJobStore({ ...settings, logger });
  const shutdown = new AbortController();
  const app = createApp({ config: settings, store, models, logger, shutdown: shutdown.signal });

  const server = serve(
    { fetch: app.fetch, port: settings.port, hostname: settings.host },
    ({ address, port }) => {
      const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
      logger.info({ url }, `Listening on ${url}`);
    },
  );
  server.on("error", (error: NodeJS.ErrnoException) => {
    logger.fatal({ code: error.code }, listenProblem(error, settings));
    process.exitCode = 1;
    void store.close();
  });

  onStopSignals((signal) => {
    logger.info({ signal }, "Stopping");
    // Ends waits and streams; their clients come back, to another api when there is one.
    shutdown.abort();
    // A connection that is kept alive becomes idle only when its last answer has been read.
    const idle = setInterval(
      () => "closeIdleConnections" in server && server.closeIdleConnections(),
      IDLE_CHECK_MS,
    );
    const timer = setTimeout(
      () => "closeAllConnections" in server && server.closeAllConnections(),
      SHUTDOWN_MS,
    );
    server.close(() => {
      clearInterval(idle);
      clearTimeout(timer);
      void store.close();
    });
  });
}

function listenProblem(error: NodeJS.ErrnoException, { host, port }: ApiConfig): string {
  return error.code === "EADDRINUSE"
    ? `Port ${port} on ${host} is in use. Stop what uses it, or set PORT to another one.`
    : `Cannot listen on ${host}:${port}: ${error.message}. Correct HOST and PORT.`;
}

function readConfig(): ApiConfig | null {
  try {
    return parseApiConfig(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
    return null;
  }
}
