import { AnswerTooLargeError } from "../connection.ts";
import { MESSAGE_BYTES_MAX, MESSAGE_TOO_LARGE } from "../wire/json-rpc.ts";

/** As much of a chunk as may be the beginning of what is looked for. */
const TAIL_BYTES = 3;
const ID_FIELD = "\nid:";
/** A line that is longer is no id that anybody could send back. */
const ID_BYTES_MAX = 4_096;

/** The value of the last field `id` whose line is whole; null when there is none. */
function lastIdIn(bytes: Buffer): string | null {
  const lines = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
  const start = lines.lastIndexOf(ID_FIELD);
  if (start === -1) return null;
  const valueStart = start + ID_FIELD.length;
  return lines.toString("utf8", valueStart, lines.indexOf("\n", valueStart)).trim() || null;
}

/** What has to be read again together with the next chunk: a line of an id that is not whole, or may be one. */
function tailOf(bytes: Buffer): Buffer {
  const lastLine = bytes.subarray(bytes.lastIndexOf("\n"));
  const isId = lastLine.length <= ID_BYTES_MAX && lastLine.indexOf(ID_FIELD) === 0;
  return isId ? lastLine : bytes.subarray(-TAIL_BYTES);
}

/** Measures the messages of a response: each event of a stream (WHATWG HTML, "Server-sent events"), or the body as a whole. */
export class BodyGauge {
  /** The id of the last whole event that had one: the stream can be resumed after it. */
  lastId: string | null = null;
  readonly #isStream: boolean;
  #tail: Buffer = Buffer.from("\n");
  #bytes = 0;
  /** The id of the event that is not whole yet. */
  #nextId: string | null = null;

  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  /** @throws AnswerTooLargeError */
  add(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (this.#isStream) this.#readEvents(chunk);
    if (this.#bytes > MESSAGE_BYTES_MAX) throw new AnswerTooLargeError(MESSAGE_TOO_LARGE);
  }

  #readEvents(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#tail, chunk]);
    this.#tail = tailOf(bytes);
    const lastEnd = Math.max(bytes.lastIndexOf("\n\n"), bytes.lastIndexOf("\n\r\n"));
    if (lastEnd === -1) {
      this.#nextId = lastIdIn(bytes) ?? this.#nextId;
      return;
    }
    this.#bytes = bytes.length - lastEnd;
    this.lastId = lastIdIn(bytes.subarray(0, lastEnd + 1)) ?? this.#nextId ?? this.lastId;
    this.#nextId = lastIdIn(bytes.subarray(lastEnd + 1));
  }
}
