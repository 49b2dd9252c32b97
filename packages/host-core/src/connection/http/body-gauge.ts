import { AnswerTooLargeError } from "../connection.ts";
import { MAX_MESSAGE_BYTES, MESSAGE_TOO_LARGE } from "../wire/json-rpc.ts";

/** As much of a chunk as may be the beginning of what is looked for. */
const TAIL_BYTES = 3;

/** Measures the messages of a response: each event of a stream (WHATWG HTML, "Server-sent events"), or the body as a whole. */
export class BodyGauge {
  /** Whether an event had an id: the stream can be resumed after it. */
  hasIds = false;
  readonly #isStream: boolean;
  #tail = Buffer.from("\n");
  #bytes = 0;

  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  /** @throws AnswerTooLargeError */
  add(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (this.#isStream) this.#readEvents(chunk);
    if (this.#bytes > MAX_MESSAGE_BYTES) throw new AnswerTooLargeError(MESSAGE_TOO_LARGE);
  }

  #readEvents(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#tail, chunk]);
    this.#tail = bytes.subarray(-TAIL_BYTES);
    this.hasIds ||= bytes.includes("\nid:");
    const lastEnd = Math.max(bytes.lastIndexOf("\n\n"), bytes.lastIndexOf("\n\r\n"));
    if (lastEnd !== -1) this.#bytes = bytes.length - lastEnd;
  }
}
