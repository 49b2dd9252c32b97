import { SSEClientTransport, SseError } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { NotRunError } from "../connection.ts";
import { keepOpening } from "../http/keep-opening.ts";
import { paceStreams } from "../http/pace-streams.ts";
import { RemoteAccess, type RemoteAccessOptions, type RemoteSettings } from "../http/remote-access.ts";
import { orderNotices } from "../wire/ordered-notices.ts";
import { WebSocketTransport } from "../wire/websocket-transport.ts";
import { describeMisfit } from "./describe-misfit.ts";
import type { Link } from "./link.ts";
import { httpStatusOf } from "./session-check.ts";

function openHttp(access: RemoteAccess): Link {
  const requestInit = { headers: { ...access.headers } };
  const fetch = keepOpening(paceStreams(access.fetch), (error) => transport.onerror?.(error));
  const transport = new StreamableHTTPClientTransport(access.url, { requestInit, fetch });
  orderNotices(transport);
  const endSession = async () => {
    // One whose handshake has failed sends nothing any more, and leaves its session behind all the same.
    const { sessionId, protocolVersion } = transport;
    const options = { requestInit, fetch: access.fetch, ...(sessionId === undefined ? {} : { sessionId }) };
    const last = new StreamableHTTPClientTransport(access.url, options);
    if (protocolVersion !== undefined) last.setProtocolVersion(protocolVersion);
    await last.terminateSession();
  };
  return {
    transport,
    closeReason: () => null,
    endSession,
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

/** Each message to the server is a request of its own, beside the stream of its answers. */
function meaningOverSse(error: Error): ReturnType<Link["meaningOf"]> {
  if (error instanceof SseError) return "lost";
  // A message that could not be sent, or was refused, fails its own request; one that cannot be read is left out.
  const isOver = error instanceof NotRunError || httpStatusOf(error) !== null || isUnreadable(error);
  return isOver ? "none" : "doubt";
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
    meaningOf: meaningOverSse,
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

const OPEN = { http: openHttp, sse: openSse, websocket: openWebSocket };

export function remoteLink(settings: RemoteSettings, options: RemoteAccessOptions): Link {
  return OPEN[settings.type](new RemoteAccess(settings, options));
}
