import { isJsonObject } from "@millrace/contracts";
import { RequestRejectedError } from "../connection.ts";
import { errorOfAnswer } from "../http/stand-in-answer.ts";
import type { CancelNotice } from "./cancelled-calls.ts";
import { describeOddError } from "./odd-error.ts";
import { INTERNAL_ERROR, type JsonRpcMessage, type RequestId } from "./json-rpc.ts";

/** Far above the ids of the few requests that the SDK's client sends by itself. */
const FIRST_ID = 1_000_000_000;

type Answer = Record<string, unknown>;

interface PendingRequest {
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

type Send = (message: JsonRpcMessage) => Promise<void>;

/**
 * The requests of one connection, beside the SDK's client, which only shakes hands and hears notifications. (A request
 * through the client checks each message against the whole schema of the protocol several times and has a timer of its
 * own: on a call over stdio that was half of all work.)
 */
export class RequestChannel {
  readonly #send: Send;
  readonly #pending = new Map<RequestId, PendingRequest>();
  #lastId = FIRST_ID - 1;
  /** Resolves for those who wait until nothing is pending. */
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Rejects with `RequestRejectedError` when the server answers with an error, with what `send` or `lost` say, and with
   * the signal's reason at once when it aborts. The server is told of that, and `onNotice` gets the notice first.
   */
  async request(
    method: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
    onNotice: (notice: CancelNotice) => void,
  ): Promise<Answer> {
    signal.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const onAbort = () => {
      // What has been answered needs no cancelling.
      if (!this.#pending.delete(id)) return;
      onNotice({ requestId: id, sent: this.#sendNotice(id, signal.reason) });
      reject(signal.reason);
    };
    this.#pending.set(id, { resolve, reject });
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      // The id comes last: see `CallStreams`.
      this.#send({ jsonrpc: "2.0", method, params, id }).catch(reject);
      return await promise;
    } finally {
      this.#pending.delete(id);
      signal.removeEventListener("abort", onAbort);
      if (this.#pending.size === 0) {
        this.#idle?.resolve();
        this.#idle = null;
      }
    }
  }

  /** Resolves as soon as no request waits for its answer. */
  async whenIdle(): Promise<void> {
    if (this.#pending.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Takes the answer to a request of this channel, also one that nobody waits for any more; false for all else. */
  take({ id: given, method, result, error }: JsonRpcMessage): boolean {
    // Some servers make texts of numbers.
    const id = Number(given);
    if (method !== undefined || !(id >= FIRST_ID && id <= this.#lastId)) return false;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error !== undefined) pending?.reject(toRejection(error));
    // What is no object stands in one, for whoever asked to quote it.
    else if (result !== undefined) pending?.resolve(isJsonObject(result) ? result : { result });
    else pending?.reject(new RequestRejectedError(INTERNAL_ERROR, "the answer has neither result nor error"));
    return true;
  }

  /** No answer can come any more. */
  lost(reason: Error): void {
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  #sendNotice(requestId: RequestId, reason: unknown): Promise<void> {
    const params = { requestId, reason: String(reason) };
    const sent = this.#send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    // A server that cannot be told is noticed elsewhere.
    sent.catch(() => {});
    return sent;
  }
}

function toRejection(error: unknown): Error {
  const given: { code?: unknown; message?: unknown } = Object(error);
  const code = typeof given.code === "number" ? given.code : INTERNAL_ERROR;
  return errorOfAnswer(code, typeof given.message === "string" ? given.message : describeOddError(error));
}
