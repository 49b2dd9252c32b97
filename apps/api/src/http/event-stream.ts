import { setTimeout as delay } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { GoneError, StoreUnavailableError, type LogEvent, type LogFollower } from "@millrace/job-store";
import type { ApiDependencies } from "../dependencies.ts";

/** Comments keep proxies from cutting a quiet stream; at each one the log is read again. In milliseconds. */
const COMMENT_INTERVAL_MS = 15_000;
/** A client that takes nothing for this long is dropped; it comes back with its cursor. In milliseconds. */
const STUCK_AFTER_MS = 30_000;
/** How soon an EventSource comes back after a break, in milliseconds. */
const RECONNECT_MS = 1_000;

export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

function frame({ id, type, json }: LogEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${json}\n\n`;
}

export type StreamDependencies = Pick<ApiDependencies, "shutdown" | "openStreams">;

/** What gives a stream its events: a {@link LogFollower}, or one that reads something else in the same way. */
type Follower = Pick<LogFollower, "next" | "recheck"> & Disposable;

/**
 * A job's events as a stream that ends after the terminal event (WHATWG HTML, "Server-sent events").
 *
 * The stream is pulled: the log is read only as fast as the client takes it, so a slow client costs one page of
 * events. Closing it never touches the job. Takes over the follower.
 */
export function eventStreamResponse(
  c: Context,
  follower: Follower,
  { shutdown, openStreams }: StreamDependencies,
  headers: Record<string, string> = {},
): Response {
  openStreams.add((c.env as HttpBindings).outgoing);
  const source = new EventStreamSource(follower, shutdown);
  const stream = new ReadableStream<Uint8Array>(source, { highWaterMark: 1 });
  return c.body(stream, 200, { ...EVENT_STREAM_HEADERS, ...headers });
}

class EventStreamSource {
  readonly #follower: Follower;
  readonly #shutdown: AbortSignal;
  readonly #closed = new AbortController();
  readonly #encoder = new TextEncoder();
  readonly #close = (): void => this.#closed.abort();
  #stuck: NodeJS.Timeout | undefined;

  constructor(follower: Follower, shutdown: AbortSignal) {
    this.#follower = follower;
    this.#shutdown = shutdown;
    shutdown.addEventListener("abort", this.#close, { once: true });
    if (shutdown.aborted) this.#close();
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    controller.enqueue(this.#encoder.encode(`retry: ${RECONNECT_MS}\n\n`));
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    clearTimeout(this.#stuck);
    const { text, ended } = await this.#next();
    if (this.#closed.signal.aborted && !text) return this.#end(controller);
    if (text) controller.enqueue(this.#encoder.encode(text));
    if (ended) return this.#end(controller);
    this.#stuck = setTimeout(() => {
      this.cancel();
      controller.error(new Error("The client takes nothing"));
    }, STUCK_AFTER_MS);
  }

  cancel(): void {
    this.#close();
    this.#release();
  }

  /** The next piece of the stream; empty once it is closed from this side. */
  async #next(): Promise<{ text: string; ended: boolean }> {
    const { signal } = this.#closed;
    try {
      const events = await this.#follower.next(signal, COMMENT_INTERVAL_MS);
      if (signal.aborted) return { text: "", ended: true };
      if (events.length === 0) this.#follower.recheck();
      const text = events.length === 0 ? ": keep-alive\n\n" : events.map(frame).join("");
      return { text, ended: events.at(-1)?.terminal ?? false };
    } catch (error) {
      // Who comes again is told that there is nothing.
      if (error instanceof GoneError) return { text: "", ended: true };
      if (!(error instanceof StoreUnavailableError)) {
        this.#release();
        throw error;
      }
      // A broken stream would send the client into a 503, after which an EventSource gives up.
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
      return { text: signal.aborted ? "" : ": waiting for Redis\n\n", ended: false };
    }
  }

  #end(controller: ReadableStreamDefaultController): void {
    this.#release();
    controller.close();
  }

  #release(): void {
    clearTimeout(this.#stuck);
    this.#shutdown.removeEventListener("abort", this.#close);
    this.#follower[Symbol.dispose]();
  }
}
