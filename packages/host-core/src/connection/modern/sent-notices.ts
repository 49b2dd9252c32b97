import type { CancelNotice } from "../wire/cancelled-calls.ts";
import type { JsonRpcMessage, RequestId } from "../wire/json-rpc.ts";

/** Sees the `notifications/cancelled` that the SDK's client sends when a request's signal aborts. */
export class SentNotices {
  #notice: CancelNotice | null = null;

  /** The transport is not to be wrapped by anything else after this. */
  constructor(transport: { send(message: object, options?: object): Promise<void> }) {
    const send = transport.send.bind(transport);
    transport.send = (given, options) => {
      const sent = send(given, options);
      const message = given as JsonRpcMessage;
      if (message.method === "notifications/cancelled") {
        this.#notice = { requestId: message.params?.["requestId"] as RequestId, sent };
      }
      return sent;
    };
  }

  /** Runs `abort`, and returns the notice that is sent meanwhile: none for a request that was not sent. */
  noticeOf(abort: () => void): CancelNotice | null {
    this.#notice = null;
    abort();
    return this.#notice;
  }
}
