import { readModels } from "@millrace/service";
import { pino } from "pino";
import { KeyRing } from "../../apps/api/src/access/key-ring.ts";
import { createApi } from "../../apps/api/src/api.ts";
import { parseApiConfig } from "../../apps/api/src/config.ts";
import { HttpClient } from "./http-client.ts";
import { LogLines } from "./log-lines.ts";

/** An api of this process on a free port. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly client: HttpClient;
  readonly log: LogLines;
  /** Stops it; what is under way has `graceMs` to end. */
  stop(graceMs: number): Promise<void>;
  /** The same without any grace. */
  close(): Promise<void>;
}

export async function startApi(environment: Record<string, string>): Promise<ApiServer> {
  const config = parseApiConfig({ LOG_LEVEL: "debug", ...environment });
  const models = await readModels(config.modelsFile);
  const log = new LogLines();
  const logger = pino({ level: config.logLevel }, log);
  const keyRing = await KeyRing.open(config.apiKeys);
  const api = createApi({ config: { ...config, port: 0 }, keyRing, models, logger });
  const { port } = await api.listen();
  const url = `http://127.0.0.1:${port}`;
  const stop = (graceMs: number): Promise<void> => api.stop(graceMs);
  const close = (): Promise<void> => stop(0);
  return { url, port, client: new HttpClient(url), log, stop, close, [Symbol.asyncDispose]: close };
}
