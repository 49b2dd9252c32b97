import { AnswerTooLargeError, ConnectionLostError, RequestRejectedError } from "../connection.ts";
import type { JsonRpcMessage, RequestId } from "../wire/json-rpc.ts";

/** JSON-RPC error codes far from those that anybody uses. */
const LOST = -1_700_300_001;
const TOO_LARGE = -1_700_300_002;

/** An answer of our own, in place of one that did not come whole. */
export function standInAnswer(id: RequestId, error: Error): JsonRpcMessage {
  const code = error instanceof AnswerTooLargeError ? TOO_LARGE : LOST;
  return { jsonrpc: "2.0", id, error: { code, message: error.message } };
}

const ENDED = "millrace/ended";

/** An answer of our own that nobody waits for: it tells the SDK that it need not ask for the rest of the stream. */
export function lastWords(id: RequestId): JsonRpcMessage {
  return { jsonrpc: "2.0", id, result: { [ENDED]: true } };
}

/** Whether a message is an answer of our own, and so no sign of the server's life. */
export function isOurOwn({ error, result }: Pick<JsonRpcMessage, "error" | "result">): boolean {
  if (result !== undefined) return result[ENDED] === true;
  const { code }: { code?: unknown } = Object(error);
  return code === LOST || code === TOO_LARGE;
}

/** What an error in an answer means: one of the server's own, or one of `standInAnswer`. */
export function errorOfAnswer(code: number, message: string): Error {
  if (code === LOST) return new ConnectionLostError(message);
  return code === TOO_LARGE ? new AnswerTooLargeError(message) : new RequestRejectedError(code, message);
}
