import { RequestRejectedError, ServerBusyError } from "../connection.ts";

/** JSON-RPC 2.0, "Error object": a code for the implementation's own use. */
const HTTP_REFUSED = -32_000;
const TOO_MANY_REQUESTS = 429;

/**
 * A request that was turned away with a status of 4xx, by its server or by a gateway in front of it: it has not run.
 * Null for any other status: of a 5xx nobody knows whether the server has run the request.
 */
export function readHttpRefusal(status: number, reason: string): RequestRejectedError | null {
  if (status < 400 || status >= 500) return null;
  const message = `HTTP status ${status}: ${reason}`;
  const Refusal = status === TOO_MANY_REQUESTS ? ServerBusyError : RequestRejectedError;
  return new Refusal(HTTP_REFUSED, message);
}
