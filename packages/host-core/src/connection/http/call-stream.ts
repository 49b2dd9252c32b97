import { BodyGauge } from "./body-gauge.ts";

/** How a stream came to its end. */
export interface StreamEnd {
  /** The id of its last event that had one. */
  readonly lastId: string | null;
  /** What it broke with; null when it simply ended. */
  readonly error: unknown;
}

export interface LastEvents {
  /** Null for none. */
  readonly events: Uint8Array | null;
  /** What the reader meets once it has them; null for a simple end. */
  readonly error: unknown;
}

export interface CallStreamOptions {
  /** The id of the event after which it goes on; null for one from the beginning. */
  after: string | null;
  /** What is added to its end. */
  conclude: (end: StreamEnd) => Promise<LastEvents>;
  /** Nobody reads it any more. */
  onCancel: () => void;
}

/** The event stream with the answer to one request. It can be ended, its messages are bounded, and its end is ours. */
export class CallStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: CallStreamOptions;
  readonly #gauge = new BodyGauge(true);
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isOver = false;
  /** Set while the last events are being read. */
  #ending: { error: unknown } | null = null;

  constructor(body: ReadableStream<Uint8Array>, options: CallStreamOptions) {
    this.#reader = body.getReader();
    this.#options = options;
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: async (reason) => {
        this.#isOver = true;
        options.onCancel();
        await this.#reader.cancel(reason);
      },
    });
  }

  /** Ends it at once, with `events`. */
  end(events: Uint8Array): void {
    this.#close({ events, error: null });
    this.#reader.cancel().catch(() => {});
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#ending) return controller.error(this.#ending.error);
    let error: unknown = null;
    try {
      const { value, done } = await this.#reader.read();
      // Nobody asks for the rest of a stream that has been ended.
      if (this.#isOver) return;
      if (!done) {
        this.#gauge.add(value);
        controller.enqueue(value);
        return;
      }
    } catch (failure) {
      error = failure;
      this.#reader.cancel(failure).catch(() => {});
    }
    const lastId = this.#gauge.lastId ?? this.#options.after;
    this.#close(await this.#options.conclude({ lastId, error }));
  }

  #close({ events, error }: LastEvents): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (events) this.#controller?.enqueue(events);
    if (error === null) this.#controller?.close();
    else if (events) this.#ending = { error };
    else this.#controller?.error(error);
  }
}
