import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { describeError } from "../../describe-error.ts";
import { readHttpRefusal } from "../answers/http-refusal.ts";
import {
  ConnectionLostError,
  NeedsAuthError,
  RequestRejectedError,
  NotRunError,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../connection.ts";
import { errorOfAnswer } from "../http/stand-in-answer.ts";
import { httpStatusOf, isSessionRefusal } from "./session-refusal.ts";

export interface ConnectionState {
  /** The handshake is over: a server that does not know our session has known it. */
  hasSession: boolean;
  /** Why no answer can come any more, if so. */
  lostReason: string | null;
}

/** An error of the SDK as one of ours. */
export function translateError(error: unknown, { hasSession, lostReason }: ConnectionState): Error {
  if (error instanceof NeedsAuthError || error instanceof NotRunError) return error;
  if (hasSession && isSessionRefusal(error)) return new NotRunError(describeError(error));
  if (error instanceof RequestRejectedError) return error;
  if (lostReason !== null) return new ConnectionLostError(lostReason);
  if (error instanceof McpError) {
    return errorOfAnswer(error.code, error.message.replace(/^MCP error -?\d+: /, ""));
  }
  const reason = describeError(error);
  const status = httpStatusOf(error);
  if (status === null) return new ConnectionLostError(reason);
  if (status === 400 && reason.includes(String(UNSUPPORTED_PROTOCOL_VERSION))) {
    return new RequestRejectedError(UNSUPPORTED_PROTOCOL_VERSION, reason);
  }
  // The SDK leaves the status out of the message.
  return readHttpRefusal(status, reason) ?? new ConnectionLostError(`HTTP status ${status}: ${reason}`);
}
