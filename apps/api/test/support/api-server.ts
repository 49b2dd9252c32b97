import { readModels } from "@millrace/service";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createJobStore } from "@millrace/job-store";
import { pino } from "pino";
import { createApp } from "../../src/app.ts";
import { parseApiConfig } from "../../src/config.ts";
import { HttpClient } from "./http-client.ts";
import { LogLines } from "./log-lines.ts";

/** An api of this process, joined from its parts as `main.ts` does, on a free port. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly client: HttpClient;
  readonly log: LogLines;
  close(): Promise<void>;
}

export async function startApi(environment: Record<string, string>): Promise<ApiServer> {
  const config = parseApiConfig({ LOG_LEVEL: "debug", ...environment });
  const models = await readModels(config.modelsFile);
  const log = new LogLines();
  const logger = pino({ level: config.logLevel }, log);
  const store = createJobStore({ ...config, logger });
  const shutdown = new AbortController();
  const app = createApp({ config, store, models, logger, shutdown: shutdown.signal });
  const server = serve({ fetch: app.fetch, port: 0, hostname: config.host });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const close = async (): Promise<void> => {
    if (!server.listening) return;
    shutdown.abort();
    const closed = once(server, "close");
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
    await store.close();
  };
  return { url, port, client: new HttpClient(url), log, close, [Symbol.asyncDispose]: close };
}
