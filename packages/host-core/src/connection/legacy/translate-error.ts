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
import { httpStatusOf } from "./session-check.ts";

/** An error of the SDK as one of ours. `lostReason`: why no answer can come any more, if so. */
export function translateError(error: unknown, lostReason: string | null): Error {
  if (error instanceof NeedsAuthError || error instanceof NotRunError) return error;
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
