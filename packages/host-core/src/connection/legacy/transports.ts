import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { TransportSettings } from "../../config/server-settings.ts";
import type { Logger } from "../../logger.ts";
import type { ProcessGuard } from "../../process/process-guard.ts";
import { NotRunError } from "../connection.ts";
import type { CallStreams } from "../http/call-streams.ts";
import { paceStreams } from "../http/pace-streams.ts";
import { RemoteAccess, type RemoteAccessOptions } from "../http/remote-access.ts";
import { orderNotices } from "../wire/ordered-notices.ts";
import { StdioTransport } from "../wire/stdio-transport.ts";
import { WebSocketTransport } from "../wire/websocket-transport.ts";
import { describeMisfit } from "./describe-misfit.ts";
import { httpStatusOf } from "./session-check.ts";

/** A transport of the SDK's shape, and what the SDK's interface has no place for. */
export interface Link {
  readonly transport: Transport;
  /** Why the transport closed by itself; null when it does not know. */
  closeReason(): string | null;
  /** Tells the server that the session is over, where the transport has sessions. */
  endSession(): Promise<void>;
  /** The responses of requests, where each has one of its own. */
  readonly streams: CallStreams | null;
  /** Frees what outlives `transport.close()`. */
  release(): Promise<void>;
  /**
   * What an error of the transport means. A process or a socket that ends closes the transport by itself
   * (`none`); over Streamable HTTP only a question tells whether the server is still there (`doubt`), unless a
   * message could not even be sent, which fails its own request (`none`); the stream of an SSE server is its session, which no new stream continues (`lost`).
   */
  meaningOf(error: Error): "none" | "doubt" | "lost";
  /**
   * Whether the end of the connection is the end of every call on it. The process group of a stdio server is ended
   * with it; what a remote server goes on doing after we have lost it, nobody can tell.
   */
  readonly callsEndWithConnection: boolean;
}

export interface LinkOptions extends RemoteAccessOptions {
  onStderr: (line: string) => void;
  processGuard: Pick<ProcessGuard, "add" | "remove"> | undefined;
  logger: Logger;
}

function openHttp(access: RemoteAccess): Link {
  const requestInit = { headers: { ...access.headers } };
  const fetch = paceStreams(access.fetch);
  const transport = new StreamableHTTPClientTransport(access.url, { requestInit, fetch });
  orderNotices(transport);
  return {
    transport,
    closeReason: () => null,
    endSession: () => transport.terminateSession(),
    streams: access.streams,
    release: () => access.release(),
    meaningOf: (error) => (error instanceof NotRunError ? "none" : "doubt"),
    callsEndWithConnection: false,
  };
}

/** A message that is no JSON, or not in the form of MCP. */
function isUnreadable(error: Error): boolean {
  return error instanceof SyntaxError || describeMisfit(error) !== null;
}

function openSse(access: RemoteAccess): Link {
  const requestInit = { headers: { ...access.headers } };
  const transport = new SSEClientTransport(access.url, { requestInit, fetch: access.fetch });
  const start = transport.start.bind(transport);
  // Its event source keeps of an error no more than the text.
  transport.start = () =>
    start().catch((error: unknown) => {
      throw access.lastFailure ?? error;
    });
  orderNotices(transport);
  return {
    transport,
    closeReason: () => null,
    endSession: async () => {},
    streams: access.streams,
    release: () => access.release(),
    // A message that could not be sent, or was refused, fails its own request; one that cannot be read is left out.
    meaningOf: (error) =>
      error instanceof NotRunError || httpStatusOf(error) !== null || isUnreadable(error) ? "none" : "lost",
    callsEndWithConnection: false,
  };
}

function openWebSocket(access: RemoteAccess): Link {
  const transport = new WebSocketTransport(access);
  return {
    transport: transport as Transport,
    closeReason: () => transport.closeReason,
    endSession: async () => {},
    streams: null,
    release: () => access.release(),
    meaningOf: () => "none",
    callsEndWithConnection: false,
  };
}

function openStdio(settings: Extract<TransportSettings, { type: "stdio" }>, options: LinkOptions): Link {
  const transport = new StdioTransport({ ...settings, ...options });
  return {
    transport: transport as Transport,
    closeReason: () => transport.closeReason,
    endSession: async () => {},
    streams: null,
    release: async () => {},
    meaningOf: () => "none",
    callsEndWithConnection: true,
  };
}

const OPEN_REMOTE = { http: openHttp, sse: openSse, websocket: openWebSocket };

export function openLink(settings: TransportSettings, options: LinkOptions): Link {
  if (settings.type === "stdio") return openStdio(settings, options);
  return OPEN_REMOTE[settings.type](new RemoteAccess(settings, options));
}
