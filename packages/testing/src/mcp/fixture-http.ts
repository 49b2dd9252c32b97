import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { WebSocketServer } from "ws";
import { createFixtureServer } from "./fixture-server.ts";
import { FixtureStats } from "./fixture-stats.ts";
import { NumberedEvents } from "./numbered-events.ts";
import { WebSocketServerTransport } from "./websocket-server-transport.ts";

export interface RecordedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

export interface FixtureHttp extends AsyncDisposable {
  /** Streamable HTTP. */
  httpUrl: string;
  /** The older HTTP with SSE. */
  sseUrl: string;
  webSocketUrl: string;
  /** Every request so far, WebSocket handshakes included. */
  requests: readonly RecordedRequest[];
  stats: FixtureStats;
  /** How many connections are open. */
  openSockets(): Promise<number>;
  /** Ends the connections that serve no request. */
  closeIdleSockets(): void;
  /** Ends all connections and the server. */
  close(): Promise<void>;
}

/** As a program: a client that a busy machine holds up for seconds must not meet a connection that is just being closed. */
const PATIENT_MS = 600_000;

/** When clients are to come back for the rest of a stream. */
const RETRY_MS = 10;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function streamableHttp(stats: FixtureStats, isResumable: boolean): Handler {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  return async (request, response) => {
    const sessionId = request.headers["mcp-session-id"];
    if (typeof sessionId === "string") {
      const known = sessions.get(sessionId);
      if (known) await known.handleRequest(request, response);
      else response.writeHead(404).end("No such session");
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
      ...(isResumable && { eventStore: new NumberedEvents(), retryInterval: RETRY_MS }),
    });
    await createFixtureServer({ stats, isResumable }).connect(transport);
    await transport.handleRequest(request, response);
  };
}

function httpWithSse(stats: FixtureStats): { stream: Handler; message: Handler } {
  const sessions = new Map<string, SSEServerTransport>();
  return {
    async stream(_request, response) {
      const transport = new SSEServerTransport("/messages", response);
      sessions.set(transport.sessionId, transport);
      response.on("close", () => sessions.delete(transport.sessionId));
      await createFixtureServer({ stats }).connect(transport);
    },
    async message(request, response) {
      const { searchParams } = new URL(request.url ?? "/", "http://fixture");
      const session = sessions.get(searchParams.get("sessionId") ?? "");
      if (session) await session.handlePostMessage(request, response);
      else response.writeHead(404).end("No such session");
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? "/", "http://fixture").pathname;
}

export interface FixtureHttpOptions {
  /** Serves a request of its own way; true when it did. Called first, for every request. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Any that is free by default. */
  port?: number;
  /** How long an idle connection is kept, in milliseconds. Node's 5 s by default. */
  keepAliveMs?: number;
  /** Whether the streams of Streamable HTTP can be resumed: their events have ids, and are kept. */
  isResumable?: boolean;
}

/** Serves the fixture over Streamable HTTP, SSE and WebSocket on a free port of 127.0.0.1. */
export async function startFixtureHttp(options: FixtureHttpOptions = {}): Promise<FixtureHttp> {
  const { intercept, port: wanted = 0, keepAliveMs, isResumable = false } = options;
  const stats = new FixtureStats();
  const requests: RecordedRequest[] = [];
  const sse = httpWithSse(stats);
  const routes: Record<string, Handler | undefined> = {
    "/mcp": streamableHttp(stats, isResumable),
    "/sse": sse.stream,
    "/messages": sse.message,
  };
  const record = (request: IncomingMessage) =>
    requests.push({ method: request.method ?? "", path: pathOf(request), headers: request.headers });

  const server = createServer((request, response) => {
    record(request);
    if (intercept?.(request, response)) return;
    const route = routes[pathOf(request)];
    if (!route) {
      response.writeHead(404).end();
      return;
    }
    route(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  if (keepAliveMs !== undefined) server.keepAliveTimeout = keepAliveMs;
  const sockets = new WebSocketServer({ server, path: "/ws", handleProtocols: () => "mcp" });
  sockets.on("connection", (socket, request) => {
    record(request);
    void createFixtureServer({ stats }).connect(new WebSocketServerTransport(socket));
  });

  server.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    httpUrl: `http://127.0.0.1:${port}/mcp`,
    sseUrl: `http://127.0.0.1:${port}/sse`,
    webSocketUrl: `ws://127.0.0.1:${port}/ws`,
    requests,
    stats,
    closeIdleSockets: () => server.closeIdleConnections(),
    openSockets: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}

// As a program: one line of JSON with the URLs, then it serves until it is ended.
if (import.meta.main) {
  const { httpUrl, sseUrl, webSocketUrl } = await startFixtureHttp({ keepAliveMs: PATIENT_MS });
  process.stdout.write(`${JSON.stringify({ httpUrl, sseUrl, webSocketUrl })}\n`);
}
