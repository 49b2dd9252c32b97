import { StreamableHTTPClientTransport, type Transport } from "@modelcontextprotocol/client";
import type { DriverOptions } from "../driver-options.ts";
import type { CallStreams } from "../http/call-streams.ts";
import { RemoteAccess } from "../http/remote-access.ts";
import type { JsonRpcMessage } from "../wire/json-rpc.ts";
import { WebSocketTransport } from "../wire/websocket-transport.ts";

export interface ModernLink {
  readonly transport: Transport;
  closeReason(): string | null;
  /** The responses of requests, where each has one of its own. */
  readonly streams: CallStreams | null;
  /** Frees what outlives `transport.close()`. */
  release(): Promise<void>;
  /** Whether an error of the transport leaves it open whether the server is still there. */
  readonly isDoubtedOnError: boolean;
  /** Whether the end of the connection is the end of every call on it. */
  readonly callsEndWithConnection: boolean;
}

/** Hands every message that arrives through `change`, whoever listens. */
export function changeMessages(
  transport: Transport,
  change: (message: JsonRpcMessage) => JsonRpcMessage,
): Transport {
  let listener: Transport["onmessage"];
  Object.defineProperty(transport, "onmessage", {
    get: () =>
      listener && ((message: JsonRpcMessage, extra: never) => listener?.(change(message) as never, extra)),
    set: (next: Transport["onmessage"]) => {
      listener = next;
    },
  });
  return transport;
}

export function openModernLink({ location, ...options }: DriverOptions): ModernLink {
  if (location.type === "stdio") {
    const transport = location.process;
    return {
      transport: transport as Transport,
      closeReason: () => transport.closeReason,
      streams: null,
      release: async () => {},
      isDoubtedOnError: false,
      callsEndWithConnection: true,
    };
  }
  const access = new RemoteAccess(location, options);
  const release = () => access.release();
  if (location.type === "websocket") {
    const transport = new WebSocketTransport(access);
    const closeReason = () => transport.closeReason;
    const rest = {
      closeReason,
      streams: null,
      release,
      isDoubtedOnError: false,
      callsEndWithConnection: false,
    };
    return { transport: transport as Transport, ...rest };
  }
  // The protocol has no HTTP with SSE any more: a server that says otherwise gets what it can answer with an error.
  const requestInit = { headers: { ...access.headers } };
  const transport = new StreamableHTTPClientTransport(access.url, { requestInit, fetch: access.fetch });
  return {
    transport,
    closeReason: () => null,
    streams: access.streams,
    release,
    isDoubtedOnError: true,
    callsEndWithConnection: false,
  };
}
