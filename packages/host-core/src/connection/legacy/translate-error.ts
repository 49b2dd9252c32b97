import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { describeError } from "../../describe-error.ts";
import { readHttpRefusal } from "../answers/http-refusal.ts";
import {
  ConnectionLostError,
  HttpFailureError,
  NeedsAuthError,
  RequestRejectedError,
  NotRunError,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../connection.ts";
import { errorOfAnswer } from "../http/stand-in-answer.ts";
import { describeMisfit } from "./describe-misfit.ts";
import { httpStatusOf } from "./session-check.ts";

/** Why a connection that was there is no more. The SDK has no words for a stream that simply ends. */
export function describeBreak(error: unknown): string {
  return `the connection broke: ${describeError(error).replace("SSE error: undefined", "the event stream ended")}`;
}

/** An error of the SDK as one of ours. `lostReason`: why no answer can come any more, if so. */
export function translateError(error: unknown, lostReason: string | null): Error {
  if (error instanceof NeedsAuthError || error instanceof NotRunError) return error;
  if (error instanceof RequestRejectedError) return error;
  if (lostReason !== null) return new ConnectionLostError(lostReason);
  if (error instanceof McpError) {
    return errorOfAnswer(error.code, error.message.replace(/^MCP error -?\d+: /, ""));
  }
  const misfit = describeMisfit(error);
  const reason = misfit
    ? `the server's answer is not valid, correct the server: ${misfit}`
    : describeError(error);
  const status = httpStatusOf(error);
  if (status === null && error instanceof StreamableHTTPError) {
    return new HttpFailureError(`${reason}; it has to be application/json or text/event-stream`);
  }
  if (status === null) return new ConnectionLostError(reason);
  if (status === 400 && reason.includes(String(UNSUPPORTED_PROTOCOL_VERSION))) {
    return new RequestRejectedError(UNSUPPORTED_PROTOCOL_VERSION, reason);
  }
  // The SDK leaves the status out of the message.
  return readHttpRefusal(status, reason) ?? new HttpFailureError(`HTTP status ${status}: ${reason}`);
}
