import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";
import { describeError } from "../../describe-error.ts";
import { readHttpRefusal } from "../answers/http-refusal.ts";
import {
  ConnectionLostError,
  HttpFailureError,
  NeedsAuthError,
  NotRunError,
  QuestionRefusedError,
  RequestRejectedError,
} from "../connection.ts";
import { errorOfAnswer } from "../http/stand-in-answer.ts";
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from "../wire/json-rpc.ts";

/** Faults of the connection; all others are faults of what the server said. */
const LOST: ReadonlySet<SdkErrorCode> = new Set([
  SdkErrorCode.NotConnected,
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.SendFailed,
  SdkErrorCode.RequestTimeout,
]);

/** A server that may ask nothing asks before it answers. The SDK tells that to its own users only. */
function isQuestion(error: unknown): boolean {
  const isUnsupported = error instanceof SdkError && error.code === SdkErrorCode.UnsupportedResultType;
  return isUnsupported && error.message.includes("'input_required'");
}

const MAY_NOT_ASK = `input before it answers; set the server's "sampling", "elicitation" or "roots" if it may ask`;

function isOwn(cause: Error): boolean {
  // The last is an answer of ours too, to a question in the server's answer.
  return (
    cause instanceof NeedsAuthError || cause instanceof NotRunError || cause instanceof RequestRejectedError
  );
}

/** An error of the SDK as one of ours. `lostReason`: why no answer can come any more, if so. */
export function translateError(error: unknown, lostReason: string | null): Error {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (isOwn(cause)) return cause;
  // The SDK closes the transport of a server that speaks something else: that says less than the error.
  const isRefused = error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed;
  if (lostReason !== null && !isRefused) return new ConnectionLostError(lostReason);
  if (isQuestion(error)) return new QuestionRefusedError(METHOD_NOT_FOUND, MAY_NOT_ASK);
  if (error instanceof ProtocolError) return errorOfAnswer(error.code, error.message);
  const reason = describeError(error);
  if (error instanceof SdkHttpError) {
    return readHttpRefusal(error.status, reason) ?? new HttpFailureError(reason);
  }
  const isFaultOfServer =
    error instanceof SdkError && !LOST.has(error.code) && !error.code.startsWith("CLIENT_HTTP");
  return isFaultOfServer
    ? new RequestRejectedError(INTERNAL_ERROR, error.message)
    : new ConnectionLostError(reason);
}
