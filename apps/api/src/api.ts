import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { ModelDirectory } from "@millrace/contracts";
import { createJobStore } from "@millrace/job-store";
import type { Logger } from "pino";
import type { KeyRing } from "./access/key-ring.ts";
import { normalHost } from "./access/normal-host.ts";
import { watchKeys } from "./access/watch-keys.ts";
import { createApp } from "./app.ts";
import type { ApiConfig } from "./config.ts";
import {
  answerUnknownExpectations,
  answerUnparsableRequests,
  createRequestErrorHandler,
} from "./http/unparsable-requests.ts";
import { OpenStreams } from "./metrics/open-streams.ts";

/** A connection that is kept alive becomes idle only when its last answer has been read. In milliseconds. */
const IDLE_CHECK_MS = 100;

/** How long a request may last, in milliseconds: the upload of a large batch takes its time. */
const REQUEST_TIMEOUT_MS = 86_400_000;

/**
 * After how long a connection is closed on which nothing moves, in milliseconds. Waits are shorter, and streams are never
 * silent for that long.
 */
const SILENCE_MS = 300_000;

/** HTTP/1.0, which some load balancers check the health with, needs no `Host`; a URL does, and no rule allows this one. */
const NO_HOST = "no-host.invalid";

/**
 * An idle connection is kept for longer than load balancers keep theirs (60 s mostly): a request that is sent into one
 * that is being closed gets no answer, and its client cannot know what has become of it. In milliseconds.
 */
const KEEP_ALIVE_MS = 75_000;

export interface ApiOptions {
  config: ApiConfig;
  keyRing: KeyRing;
  models: ModelDirectory;
  logger: Logger;
}

/**
 * An api, joined from its parts: store, routes, HTTP server, watch of the keys' file.
 *
 *     created ── listen() ──→ listening ── stop() ──→ stopped
 */
export function createApi({ config, keyRing, models, logger }: ApiOptions) {
  const limitsOf = (tenant: string) => keyRing.limitsOf(tenant);
  const store = createJobStore({ ...config, logger, limitsOf });
  const shutdown = new AbortController();
  const openStreams = new OpenStreams();
  const app = createApp({ config, keyRing, store, models, logger, shutdown: shutdown.signal, openStreams });
  const { path } = config.apiKeys.file;
  const keysWatch = watchKeys({ keyRing, path, reloads: store.keyReloads, logger });
  const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS };
  // Node would answer a request without a host with a bare status line.
  const serverOptions = { ...timeouts, requireHostHeader: false };
  const errorHandler = createRequestErrorHandler(logger);
  const answer = getRequestListener(app.fetch, { errorHandler });
  const server = createServer(serverOptions, (incoming, outgoing) => {
    if (incoming.httpVersion === "1.0") incoming.headers.host ??= NO_HOST;
    // What takes the request from here compares the host with the one of the URL that it makes of it.
    if (incoming.headers.host !== undefined) incoming.headers.host = normalHost(incoming.headers.host);
    void answer(incoming, outgoing);
  });
  server.setTimeout(SILENCE_MS);
  answerUnparsableRequests(server);
  answerUnknownExpectations(server);
  let stopped: Promise<void> | null = null;

  async function stop(graceMs: number): Promise<void> {
    // Ends waits and streams; their clients come back, to another api when there is one.
    shutdown.abort();
    keysWatch[Symbol.dispose]();
    if (server.listening) await closeServer(server, graceMs);
    await store.close();
  }

  return {
    /**
     * Resolves with the address once it takes requests.
     * @throws NodeJS.ErrnoException when the port cannot be had; it has to be stopped all the same.
     */
    async listen(): Promise<AddressInfo> {
      server.listen(config.port, config.host);
      await once(server, "listening");
      store.queueTimeouts.start();
      return server.address() as AddressInfo;
    },

    /** Takes no more requests and lets those under way end, `graceMs` at most. Harmless when repeated. */
    stop(graceMs: number): Promise<void> {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  const closed = once(server, "close");
  server.close();
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
