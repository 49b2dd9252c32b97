import type { RequestId } from "../wire/json-rpc.ts";

/** A stream that broke off before the answer had come, after an event with an id: the SDK asks for the rest of it. */
export interface BrokenStream {
  readonly id: RequestId;
  /** The id of its last event. */
  readonly lastId: string;
  /** How often the rest was asked for. */
  attempts: number;
  /** Nobody waits for the rest any more. */
  isOver: boolean;
}

/** The streams of requests that the SDK is about to resume. */
export class BrokenStreams {
  readonly #streams = new Map<RequestId, BrokenStream>();

  add(id: RequestId, lastId: string): void {
    this.#streams.set(id, { id, lastId, attempts: 0, isOver: false });
  }

  /** The request has been answered, or is given up. The SDK asks nevertheless. */
  end(id: RequestId): void {
    const stream = this.#streams.get(id);
    if (stream) stream.isOver = true;
  }

  /** The stream that a request to the server is to resume. */
  find(init: RequestInit | undefined): BrokenStream | null {
    if (init?.method !== "GET" || this.#streams.size === 0) return null;
    const lastId = new Headers(init.headers).get("last-event-id");
    return this.#streams.values().find((stream) => stream.lastId === lastId) ?? null;
  }

  delete({ id }: BrokenStream): void {
    this.#streams.delete(id);
  }
}
