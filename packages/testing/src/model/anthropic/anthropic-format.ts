import type { IncomingHttpHeaders } from "node:http";
import { bearerToken } from "../bearer-token.ts";
import type { RejectedRequest } from "../rejected-request.ts";
import type { WireFormat } from "../wire-format.ts";
import { serverSentEvent, streamMessage, wholeMessage } from "./messages.ts";
import { readMessagesRequest } from "./read-request.ts";

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

function errorType({ status, type }: RejectedRequest): string {
  return type ?? ERROR_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
}

function errorBody(type: string, message: string, requestId: string) {
  return { type: "error", error: { type, message }, request_id: requestId };
}

/** SDKs since API version 2026-10-21 send the key as a bearer token, older ones as x-api-key, which wins. */
function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers["x-api-key"];
  return typeof key === "string" ? key : bearerToken(headers);
}

/** Anthropic's Messages API. */
export const anthropicFormat: WireFormat = {
  provider: "anthropic",
  path: "/v1/messages",
  requestIdHeader: "request-id",
  callIdPrefix: "toolu_",
  malformed: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":\n\n',
  keyOf,
  readRequest: readMessagesRequest,
  errorBody: (error, requestId) => errorBody(errorType(error), error.message, requestId),
  streamError: (type, requestId) => serverSentEvent(errorBody(type, "Scripted error", requestId)),
  stream: streamMessage,
  whole: wholeMessage,
};
