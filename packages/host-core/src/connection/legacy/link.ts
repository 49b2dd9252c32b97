import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { CallStreams } from "../http/call-streams.ts";
import type { StdioTransport } from "../wire/stdio-transport.ts";

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
   * (`none`); where each message is an HTTP request of its own, only a question tells whether the server is still there
   * (`doubt`), unless a message could not even be sent, which fails its own request (`none`); the stream of an SSE
   * server is its session, which no new stream continues (`lost`).
   */
  meaningOf(error: Error): "none" | "doubt" | "lost";
  /**
   * Whether the end of the connection is the end of every call on it. The process group of a stdio server is ended
   * with it; what a remote server goes on doing after we have lost it, nobody can tell.
   */
  readonly callsEndWithConnection: boolean;
}

export function stdioLink(transport: StdioTransport): Link {
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
