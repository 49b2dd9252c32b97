import { setTimeout as delay } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { GoneError, StoreUnavailableError, type LogEvent, type LogFollower } from "@millrace/job-store";
import type { ApiDependencies } from "../dependencies.ts";
import { slicedStream, type PageSource } from "./sliced-stream.ts";

/** Comments keep proxies from cutting a quiet stream; at each one the log is read again. In milliseconds. */
const COMMENT_INTERVAL_MS = 15_000;
/** How soon an EventSource comes back after a break, in milliseconds. */
const RECONNECT_MS = 1_000;

const EVENT_STREAM_HEADERS = {
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
 * The log is read only as fast as the client takes it, so a slow client costs one page of events. Closing the stream
 * never touches the job. Takes over the follower.
 */
export function eventStreamResponse(
  c: Context,
  follower: Follower,
  { shutdown, openStreams }: StreamDependencies,
  headers: Record<string, string> = {},
): Response {
  // Nobody would read the stream that a HEAD request opens, so nothing would ever close it.
  if (c.req.method === "HEAD") {
    follower[Symbol.dispose]();
    return c.body(null, 200, EVENT_STREAM_HEADERS);
  }
  openStreams.add((c.env as HttpBindings).outgoing);
  const stream = slicedStream(new EventStreamSource(follower, shutdown), `retry: ${RECONNECT_MS}\n\n`);
  return c.body(stream, 200, { ...EVENT_STREAM_HEADERS, ...headers });
}

class EventStreamSource implements PageSource {
  readonly #follower: Follower;
  readonly #shutdown: AbortSignal;
  readonly #closed = new AbortController();
  readonly #abort = (): void => this.#closed.abort();
  #hasEnded = false;

  constructor(follower: Follower, shutdown: AbortSignal) {
    this.#follower = follower;
    this.#shutdown = shutdown;
    shutdown.addEventListener("abort", this.#abort, { once: true });
    if (shutdown.aborted) this.#abort();
  }

  async next(): Promise<string | null> {
    const { signal } = this.#closed;
    if (this.#hasEnded || signal.aborted) return null;
    try {
      const events = await this.#follower.next(signal, COMMENT_INTERVAL_MS);
      if (signal.aborted) return null;
      this.#hasEnded = events.at(-1)?.terminal ?? false;
      if (events.length > 0) return events.map(frame).join("");
      this.#follower.recheck();
      return ": keep-alive\n\n";
    } catch (error) {
      // A client that comes again is told that what it follows is gone.
      if (error instanceof GoneError) return null;
      if (!(error instanceof StoreUnavailableError)) throw error;
      // A broken stream would send the client into a 503, after which an EventSource gives up.
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
      return signal.aborted ? null : ": waiting for Redis\n\n";
    }
  }

  close(): void {
    this.#abort();
    this.#shutdown.removeEventListener("abort", this.#abort);
    this.#follower[Symbol.dispose]();
  }
}
