import { settlesWithin } from "../../settles-within.ts";
import type { JsonRpcMessage, RequestId } from "./json-rpc.ts";

/** A server that answers with plain JSON accepts a request only with its result: a notice does not wait for that. */
const PATIENCE_MS = 1_000;

/**
 * Lets no `notifications/cancelled` overtake its request. Over HTTP both are requests of their own, on different
 * sockets, and a notice for a request that the server does not know yet has no effect. Without this that happened to
 * every eighth call that was cancelled within a millisecond.
 */
export function orderNotices(transport: {
  // A method, so that the transports of either SDK fit.
  send(message: object, options?: object): Promise<void>;
}): void {
  const send = transport.send.bind(transport);
  const sending = new Map<RequestId, Promise<void>>();
  transport.send = (given, options) => {
    const message = given as JsonRpcMessage;
    if (message.method === undefined) return send(given, options);
    const { id } = message;
    if (id !== undefined) {
      const accepted = send(given, options);
      sending.set(id, accepted);
      const forget = () => void sending.delete(id);
      accepted.then(forget, forget);
      return accepted;
    }
    const request =
      message.method === "notifications/cancelled" && sending.get(message.params?.["requestId"] as RequestId);
    if (!request) return send(given, options);
    return settlesWithin(request, PATIENCE_MS).then(() => send(given, options));
  };
}
