import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { describeError } from "../../describe-error.ts";
import {
  ConnectionLostError,
  NeedsAuthError,
  RequestRejectedError,
  SessionGoneError,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../connection.ts";
import { isSessionRefusal } from "./session-refusal.ts";

export interface ConnectionState {
  /** The handshake is over: a server that does not know our session has known it. */
  hasSession: boolean;
  /** Why no answer can come any more, if so. */
  lostReason: string | null;
}

/** An error of the SDK as one of ours. */
export function translateError(error: unknown, { hasSession, lostReason }: ConnectionState): Error {
  if (error instanceof NeedsAuthError) return error;
  if (hasSession && isSessionRefusal(error)) return new SessionGoneError(describeError(error));
  if (error instanceof RequestRejectedError) return error;
  if (lostReason !== null) return new ConnectionLostError(lostReason);
  if (error instanceof McpError) {
    return new RequestRejectedError(error.code, error.message.replace(/^MCP error -?\d+: /, ""));
  }
  if (!(error instanceof StreamableHTTPError)) return new ConnectionLostError(describeError(error));
  if (error.code === 400 && error.message.includes(String(UNSUPPORTED_PROTOCOL_VERSION))) {
    return new RequestRejectedError(UNSUPPORTED_PROTOCOL_VERSION, error.message);
  }
  // The SDK leaves the status out of the message.
  return new ConnectionLostError(`HTTP status ${error.code}: ${describeError(error)}`);
}
