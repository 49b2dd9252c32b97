import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { FetchLike, Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { Agent, fetch as undiciFetch } from "undici";
import type { TransportSettings } from "../../config/server-settings.ts";
import type { Logger } from "../../logger.ts";
import type { ProcessGuard } from "../../process/process-guard.ts";
import { orderNotices } from "./ordered-notices.ts";
import { StdioTransport } from "./stdio-transport.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** A transport of the SDK's shape, and what the SDK's interface has no place for. */
export interface Link {
  readonly transport: Transport;
  /** Why the transport closed by itself; null when it does not know. */
  closeReason(): string | null;
  /** Tells the server that the session is over, where the transport has sessions. */
  endSession(): Promise<void>;
  /** Frees what outlives `transport.close()`. */
  release(): Promise<void>;
  /**
   * What an error of the transport means. A process or a socket that ends closes the transport by itself
   * (`none`); over Streamable HTTP only a question tells whether the server is still there (`doubt`); the
   * stream of an SSE server is its session, which no new stream continues (`lost`).
   */
  readonly onTransportError: "none" | "doubt" | "lost";
  /**
   * Whether the end of the connection is the end of every call on it. The process group of a stdio server is ended
   * with it; what a remote server goes on doing after we have lost it, nobody can tell.
   */
  readonly callsEndWithConnection: boolean;
}

export interface LinkOptions {
  onStderr: (line: string) => void;
  processGuard: Pick<ProcessGuard, "add" | "remove"> | undefined;
  logger: Logger;
}

/** Fetch without the limit of 300 s between two bytes: an idle stream is normal here, and calls have their own. */
function createPatientFetch(): { fetch: FetchLike; release: () => Promise<void> } {
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  // Two declarations of one standard: undici's and the one that comes with Node's types.
  const patientFetch = undiciFetch as unknown as (
    url: string | URL,
    init: Omit<RequestInit, "dispatcher"> & { dispatcher: Agent },
  ) => Promise<Response>;
  return {
    fetch: (url, init) => patientFetch(url, { ...init, dispatcher: agent }),
    release: () => agent.destroy(),
  };
}

type RemoteSettings = Exclude<TransportSettings, { type: "stdio" }>;

function openHttp(settings: RemoteSettings): Link {
  const { fetch, release } = createPatientFetch();
  const requestInit = { headers: { ...settings.headers } };
  const transport = new StreamableHTTPClientTransport(new URL(settings.url), { requestInit, fetch });
  orderNotices(transport);
  return {
    transport,
    closeReason: () => null,
    endSession: () => transport.terminateSession(),
    release,
    onTransportError: "doubt",
    callsEndWithConnection: false,
  };
}

function openSse(settings: RemoteSettings): Link {
  const { fetch, release } = createPatientFetch();
  const requestInit = { headers: { ...settings.headers } };
  const transport = new SSEClientTransport(new URL(settings.url), { requestInit, fetch });
  orderNotices(transport);
  return {
    transport,
    closeReason: () => null,
    endSession: async () => {},
    release,
    onTransportError: "lost",
    callsEndWithConnection: false,
  };
}

function openWebSocket(settings: RemoteSettings): Link {
  const transport = new WebSocketTransport(new URL(settings.url), settings.headers);
  return {
    transport,
    closeReason: () => transport.closeReason,
    endSession: async () => {},
    release: async () => {},
    onTransportError: "none",
    callsEndWithConnection: false,
  };
}

function openStdio(settings: Extract<TransportSettings, { type: "stdio" }>, options: LinkOptions): Link {
  const transport = new StdioTransport({ ...settings, ...options });
  return {
    transport,
    closeReason: () => transport.closeReason,
    endSession: async () => {},
    release: async () => {},
    onTransportError: "none",
    callsEndWithConnection: true,
  };
}

const OPEN_REMOTE = { http: openHttp, sse: openSse, websocket: openWebSocket };

export function openLink(settings: TransportSettings, options: LinkOptions): Link {
  return settings.type === "stdio" ? openStdio(settings, options) : OPEN_REMOTE[settings.type](settings);
}
