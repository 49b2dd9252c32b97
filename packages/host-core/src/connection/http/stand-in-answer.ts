import { AnswerTooLargeError, ConnectionLostError, RequestRejectedError } from "../connection.ts";
import type { RequestId } from "../wire/json-rpc.ts";

/** JSON-RPC error codes far from those that anybody uses. */
const LOST = -1_700_300_001;
const TOO_LARGE = -1_700_300_002;

/** An answer of our own, in place of one that did not come whole: in the form in which the SDKs take answers. */
export function standInAnswer(id: RequestId, error: Error): string {
  const code = error instanceof AnswerTooLargeError ? TOO_LARGE : LOST;
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message: error.message } });
}

/** Whether the `error` of an answer says that it is such a one. */
export function isStandIn(error: unknown): boolean {
  const { code }: { code?: unknown } = Object(error);
  return code === LOST || code === TOO_LARGE;
}

/** What an error in an answer means: one of the server's own, or one of `standInAnswer`. */
export function errorOfAnswer(code: number, message: string): Error {
  if (code === LOST) return new ConnectionLostError(message);
  return code === TOO_LARGE ? new AnswerTooLargeError(message) : new RequestRejectedError(code, message);
}
