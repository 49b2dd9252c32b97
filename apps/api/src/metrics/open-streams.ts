import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

/** Counts the event streams that clients have open on this api. */
export class OpenStreams {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts what is streamed as this response, until its connection has closed. */
  add(outgoing: ServerResponse | Http2ServerResponse): void {
    if (outgoing.destroyed) return;
    this.#count += 1;
    outgoing.once("close", () => {
      this.#count -= 1;
    });
  }
}
