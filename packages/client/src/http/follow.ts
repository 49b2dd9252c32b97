import type { Connection } from "./connection.ts";
import { pause } from "./pause.ts";
import { FOLLOW_PATIENCE, REOPEN_MS, type Patience } from "./retry-policy.ts";
import { readFrames, type Frame } from "./server-sent-events.ts";

/** What a log's reader may say. */
export interface FollowOptions {
  /** Id of the last event that is known already: what comes after it is read. */
  after?: number | undefined;
  /** Stops following; it never stops the job. */
  signal?: AbortSignal | undefined;
}

interface NumberedEvent {
  id: number;
  type: string;
}

interface FollowedLog<Event> {
  path: string;
  /** Whether the log may end with it. */
  isEnd: (event: Event) => boolean;
  /** Whether ids grow by one, so that a missing one is noticed. */
  gapless: boolean;
}

/**
 * Follows a log over any number of connections: each event once, in order, none left out. Ends when the log does.
 *
 * A stream that ends is opened again behind the last event that came. Only the api knows where the log ends: it
 * answers that with 204, because an event that ends a log is followed by others when its job is retried.
 * @throws MillraceConnectionError when the api is away for five minutes.
 */
export async function* follow<Event extends NumberedEvent>(
  connection: Connection,
  { path, isEnd, gapless }: FollowedLog<Event>,
  { after = 0, signal }: FollowOptions,
): AsyncGenerator<Event, void, undefined> {
  let last = after;
  let patience: Patience | undefined;
  let isAtEnd = false;
  for (;;) {
    const headers = { accept: "text/event-stream", ...(last > 0 ? { "last-event-id": String(last) } : {}) };
    let response: Response;
    try {
      const once = isAtEnd ? { patience: { attempts: 1, totalMs: 0 } } : {};
      response = await connection.open(path, {
        headers,
        signal,
        ...(patience ? { patience } : {}),
        ...once,
      });
    } catch (error) {
      // Whether anything comes after an end need not be known at any price.
      if (isAtEnd && !signal?.aborted) return;
      throw error;
    }
    if (response.status === 204 || !response.body) return;
    const before = last;
    for await (const event of untilBroken<Event>(response.body, signal)) {
      if (event.id <= last) continue;
      // Something in between has lost events: they are asked for again.
      if (gapless && event.id !== last + 1) break;
      last = event.id;
      patience = FOLLOW_PATIENCE;
      isAtEnd = isEnd(event);
      yield event;
    }
    patience ??= FOLLOW_PATIENCE;
    if (isAtEnd && last === before) return;
    if (!isAtEnd) await pause(REOPEN_MS, signal);
  }
}

/** The events of one connection; a break is an end like any other. */
async function* untilBroken<Event>(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void, undefined> {
  const frames = readFrames(body);
  try {
    for (;;) {
      let next: IteratorResult<Frame, void>;
      try {
        next = await frames.next();
      } catch {
        signal?.throwIfAborted();
        return;
      }
      if (next.done) return;
      yield JSON.parse(next.value.data) as Event;
    }
  } finally {
    await frames.return();
  }
}
