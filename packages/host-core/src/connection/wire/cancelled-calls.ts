import { RequestRejectedError } from "../connection.ts";
import { isOurOwn } from "../http/stand-in-answer.ts";
import { StopProof } from "../stop-proof.ts";
import type { JsonRpcMessage, RequestId } from "./json-rpc.ts";

/** A `notifications/cancelled` on its way to the server. */
export interface CancelNotice {
  readonly requestId: RequestId;
  /** Settles when the transport has handed it over. */
  readonly sent: Promise<void>;
}

interface WatchedCall {
  readonly proof: StopProof;
  readonly progressToken: string | undefined;
}

export interface CancelledCallsOptions {
  ping: (signal: AbortSignal) => Promise<void>;
  /** The verdict on calls whose connection is lost while they are watched. */
  callsEndWithConnection: boolean;
}

/**
 * Watches cancelled calls until it is known whether their server gave in. Whoever sent them forgets them, so what still
 * comes of them is seen at the transport.
 */
export class CancelledCalls {
  readonly #options: CancelledCallsOptions;
  readonly #watched = new Map<RequestId, WatchedCall>();

  constructor(options: CancelledCallsOptions) {
    this.#options = options;
  }

  /** Whether the server gives in; see `StopProof`. */
  async watch({ requestId, sent }: CancelNotice, progressToken: string | undefined): Promise<boolean> {
    const proof = new StopProof();
    const pinging = new AbortController();
    this.#watched.set(requestId, { proof, progressToken });
    void this.#awaitPong(sent, proof, pinging.signal);
    try {
      return await proof.stopped;
    } finally {
      this.#watched.delete(requestId);
      pinging.abort();
    }
  }

  /** Looks at every message that arrives. */
  inspect(message: JsonRpcMessage): void {
    if (this.#watched.size === 0) return;
    if (message.method !== undefined) {
      if (message.method !== "notifications/progress") return;
      const token = message.params?.["progressToken"];
      for (const call of this.#watched.values()) if (call.progressToken === token) call.proof.progress();
    } else if (message.id !== undefined && !isOurOwn(message)) {
      const isFailure = message.error !== undefined || message.result?.["isError"] === true;
      this.#watched.get(message.id)?.proof.settle(isFailure);
    }
  }

  /** No message comes any more. */
  lost(): void {
    for (const { proof } of this.#watched.values()) proof.settle(this.#options.callsEndWithConnection);
  }

  /** Over HTTP each message is a request of its own: only one that has been accepted comes before the ping. */
  async #awaitPong(sent: Promise<void>, proof: StopProof, signal: AbortSignal): Promise<void> {
    try {
      await sent;
      await this.#options.ping(signal);
    } catch (error) {
      // An error is an answer too: some servers do not know ping.
      if (!(error instanceof RequestRejectedError)) return;
    }
    proof.pong();
  }
}
