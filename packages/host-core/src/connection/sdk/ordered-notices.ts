import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import { settlesWithin } from "../../settles-within.ts";

/** A server that answers with plain JSON accepts a request only with its result: a notice does not wait for that. */
const PATIENCE_MS = 250;

/**
 * Lets no `notifications/cancelled` overtake its request. Over HTTP both are requests of their own, on different
 * sockets, and a notice for a request that the server does not know yet has no effect. Without this that happened to
 * every eighth call that was cancelled within a millisecond.
 */
export function orderNotices(transport: Transport): void {
  const send = transport.send.bind(transport);
  const sending = new Map<RequestId, Promise<void>>();
  transport.send = (message, options) => {
    if (!("method" in message)) return send(message, options);
    if ("id" in message) {
      const { id } = message;
      const accepted = send(message, options);
      sending.set(id, accepted);
      const forget = () => void sending.delete(id);
      accepted.then(forget, forget);
      return accepted;
    }
    const request =
      message.method === "notifications/cancelled" && sending.get(message.params?.["requestId"] as RequestId);
    if (!request) return send(message, options);
    return settlesWithin(request, PATIENCE_MS).then(() => send(message, options));
  };
}
