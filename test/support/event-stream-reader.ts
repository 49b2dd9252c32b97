import type { JobEvent } from "@millrace/contracts";

/** One event as it came over the wire. */
export interface Frame {
  id: string;
  event: string;
  /** The text of `data`, byte for byte. */
  data: string;
}

const FRAME = /^id: (?<id>\d+)\nevent: (?<event>[a-z.]+)\ndata: (?<data>[^\r\n]*)$/;

/**
 * Reads a stream of events strictly: a block is a frame of `id`, `event` and `data`, a comment or a `retry`, and
 * anything else is an error.
 */
export class EventStreamReader implements AsyncDisposable {
  readonly response: Response;
  readonly comments: string[] = [];
  readonly retries: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #blocks: string[] = [];
  #rest = "";

  constructor(response: Response) {
    if (!response.body) throw new Error(`no body: ${response.status}`);
    this.response = response;
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event; null when the stream has ended. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const block = await this.#nextBlock();
      if (block === null) return null;
      const frame = FRAME.exec(block)?.groups;
      if (frame) return frame as unknown as Frame;
      if (block.startsWith(": ")) this.comments.push(block.slice(2));
      else if (block.startsWith("retry: ")) this.retries.push(block.slice("retry: ".length));
      else throw new Error(`not a frame: ${block}`);
    }
  }

  /** Every event until the stream ends. */
  async rest(): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (let frame = await this.next(); frame; frame = await this.next()) frames.push(frame);
    return frames;
  }

  /** The first event of this type; what comes before it is skipped. */
  async untilType(type: JobEvent["type"]): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (!frame) throw new Error(`the stream ended without ${type}`);
      if (frame.event === type) return frame;
    }
  }

  /** Hangs up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }

  async #nextBlock(): Promise<string | null> {
    while (this.#blocks.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) {
        if (this.#rest !== "") throw new Error(`the stream ended within a frame: ${this.#rest}`);
        return null;
      }
      const blocks = (this.#rest + value).split("\n\n");
      this.#rest = blocks.pop() ?? "";
      this.#blocks.push(...blocks);
    }
    return this.#blocks.shift() ?? null;
  }
}

/** The event that a frame carries. */
export function eventOf(frame: Frame | undefined): JobEvent {
  return JSON.parse(frame?.data ?? "null") as JobEvent;
}
