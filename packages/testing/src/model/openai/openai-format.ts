import { bearerToken } from "../bearer-token.ts";
import { RejectedRequest } from "../rejected-request.ts";
import type { WireFormat } from "../wire-format.ts";
import { dataLine, streamCompletion, wholeCompletion } from "./completions.ts";
import { readChatCompletionsRequest } from "./read-request.ts";

const CODES: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  404: "model_not_found",
  429: "rate_limit_exceeded",
};

/** A scripted type is the code as well: OpenAI's own `insufficient_quota` is both, and clients look at either. */
function errorBody({ message, status, type, parameter }: RejectedRequest) {
  const ofStatus = status === 429 ? "requests" : status < 500 ? "invalid_request_error" : "server_error";
  return {
    error: { message, type: type ?? ofStatus, param: parameter, code: type ?? CODES[status] ?? null },
  };
}

/** OpenAI's Chat Completions, with the extensions that compatible servers share. */
export const openaiFormat: WireFormat = {
  provider: "openai",
  path: "/v1/chat/completions",
  requestIdHeader: "x-request-id",
  callIdPrefix: "call_",
  malformed: 'data: {"id":"chatcmpl-\n\n',
  keyOf: bearerToken,
  readRequest: readChatCompletionsRequest,
  errorBody,
  streamError: (type) => dataLine(errorBody(new RejectedRequest("Scripted error", { status: 500, type }))),
  stream: streamCompletion,
  whole: wholeCompletion,
};
