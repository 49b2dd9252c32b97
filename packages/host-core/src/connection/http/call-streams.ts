import { setImmediate } from "node:timers/promises";
import { withDeadline } from "../../with-deadline.ts";
import { AnswerTooLargeError, ConnectionLostError } from "../connection.ts";
import type { RequestId } from "../wire/json-rpc.ts";
import { boundBody, isEventStream } from "./bound-body.ts";
import { BrokenStreams, type BrokenStream } from "./broken-streams.ts";
import { CallStream, type LastEvents, type StreamEnd } from "./call-stream.ts";
import type { Fetch } from "./guarded-fetch.ts";
import { asEvents, asResumption, respondWith } from "./own-events.ts";
import { mayPass } from "./passing-refusal.ts";
import { lastWords, standInAnswer } from "./stand-in-answer.ts";
import { isWholeAnswer, readWhole } from "./whole-answer.ts";

/** A request that the SDKs have written has its id last; a key inside of `params` is followed by two braces. */
const REQUEST_ID = /"id":(\d+)\}$/;

function requestIdOf(init: RequestInit | undefined): number | null {
  if (init?.method !== "POST" || typeof init.body !== "string") return null;
  const match = REQUEST_ID.exec(init.body.slice(-30));
  return match ? Number(match[1]) : null;
}

/** A server that hangs takes no notice. */
const NOTICE_TIMEOUT_MS = 2_000;

function isNotice(init: RequestInit | undefined): init is RequestInit & { body: string } {
  return typeof init?.body === "string" && init.body.includes('"notifications/cancelled"');
}

/** Sends a notice, and takes it for accepted when the server does not say so in time. */
async function fetchNotice(fetch: Fetch, url: string | URL, init: RequestInit): Promise<Response> {
  const reason = new Error("the server takes no notice");
  const signal = init.signal ?? new AbortController().signal;
  try {
    return await withDeadline({ signal, timeoutMs: NOTICE_TIMEOUT_MS, reason }, (bounded) =>
      fetch(url, { ...init, signal: bounded }),
    );
  } catch (error) {
    if (error === reason) return new Response(null, { status: 202 });
    throw error;
  }
}

function brokenOff(): Error {
  return new ConnectionLostError("its response ended before the answer had come");
}

/** What a server of HTTP with SSE says to every request: its answers come on a stream that is not there. */
function onlyAccepted(): Error {
  const cure = `if it speaks HTTP with SSE, set its "transport_type" to "sse" and "url" to that of the event stream`;
  return new ConnectionLostError(`it accepted the request (HTTP status 202) and gives no answer; ${cure}`);
}

/** How often the rest of a stream is asked for in vain until the call has failed. */
const ATTEMPTS_MAX = 3;

interface Exchange {
  readonly id: RequestId;
  /** The id of the event after which its stream is resumed; null for a request as such. */
  readonly after: string | null;
  readonly url: string | URL;
  readonly init: RequestInit | undefined;
}

interface OpenResponse {
  end: () => void;
  /** A server of the TypeScript SDK never ends a stream that was resumed. */
  readonly endsWithAnswer: boolean;
}

/**
 * The responses of requests over Streamable HTTP. One can be ended: a server of the TypeScript SDK never ends the
 * response of a call that was cancelled, and each would hold a socket until the session is over. One that ends too
 * early, or is too large, fails its request: the SDKs would wait for an answer that cannot come any more. A stream whose
 * events have ids is resumed, and only while its request waits for the answer: the SDK of the older protocol versions
 * would ask for more of it for ever after an answer that is an error.
 */
export class CallStreams {
  readonly #open = new Map<RequestId, OpenResponse>();
  /** Requests whose stream has begun, and brought no answer yet. */
  readonly #unanswered = new Set<RequestId>();
  readonly #broken = new BrokenStreams();
  /** Streams for the server's own messages that are open or being opened. */
  #listening = 0;

  /** Whether the response of any request has not ended yet. */
  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Ends the response of a request that was cancelled. The transport meets neither an error nor a stream to resume. */
  end(id: RequestId): void {
    this.answered(id);
    this.#open.get(id)?.end();
  }

  /** How its stream ends is of no interest any more. */
  answered(id: RequestId): void {
    this.#unanswered.delete(id);
    this.#broken.end(id);
    const response = this.#open.get(id);
    if (response?.endsWithAnswer) response.end();
  }

  /** Fetch whose responses can be ended, and whose messages are bounded. */
  watch(fetch: Fetch): Fetch {
    return async (url, init) => {
      const id = requestIdOf(init);
      if (id !== null) return await this.#fetchFor(fetch, { id, after: null, url, init });
      const broken = this.#broken.find(init);
      if (broken) return await this.#resume(fetch, broken, url, init);
      if (init?.method === "GET") return await this.#listen(fetch, url, init);
      return boundBody(await (isNotice(init) ? fetchNotice(fetch, url, init) : fetch(url, init)));
    };
  }

  async #listen(fetch: Fetch, url: string | URL, init: RequestInit): Promise<Response> {
    this.#listening += 1;
    let isOpen = false;
    try {
      const response = boundBody(await fetch(url, init));
      isOpen = response.ok && isEventStream(response);
      return response;
    } finally {
      if (!isOpen) this.#listening -= 1;
    }
  }

  /** Asks for the rest of a stream. When that is not to be had, the request gets an answer of ours. */
  async #resume(
    fetch: Fetch,
    broken: BrokenStream,
    url: string | URL,
    init?: RequestInit,
  ): Promise<Response> {
    const { id, lastId: after } = broken;
    if (broken.isOver) {
      this.#broken.delete(broken);
      return respondWith(lastWords(id));
    }
    broken.attempts += 1;
    const isLast = broken.attempts >= ATTEMPTS_MAX;
    try {
      const response = await this.#fetchFor(fetch, { id, after, url, init });
      const isOpen = response.ok && isEventStream(response);
      if (!isOpen && !isLast && mayPass(response.status)) return response;
      this.#broken.delete(broken);
      if (isOpen) return response;
      response.body?.cancel().catch(() => {});
    } catch (error) {
      if (!isLast) throw error;
      this.#broken.delete(broken);
    }
    return respondWith(standInAnswer(id, brokenOff()), lastWords(id));
  }

  async #fetchFor(fetch: Fetch, exchange: Exchange): Promise<Response> {
    const { id, after, url, init } = exchange;
    const controller = new AbortController();
    const ended = Promise.withResolvers<null>();
    const abort = () => controller.abort(init?.signal?.reason);
    if (init?.signal?.aborted) abort();
    init?.signal?.addEventListener("abort", abort, { once: true });
    const forget = () => {
      init?.signal?.removeEventListener("abort", abort);
      this.#open.delete(id);
    };
    const end = () => {
      forget();
      ended.resolve(null);
      controller.abort();
    };
    this.#open.set(id, { end, endsWithAnswer: after !== null });
    let response: Response | null;
    try {
      const fetched = fetch(url, { ...init, signal: controller.signal });
      const read = fetched.then((begun) => (isWholeAnswer(begun) ? readWhole(begun, id) : begun));
      response = await Promise.race([ended.promise, read]);
    } catch (error) {
      forget();
      throw error;
    }
    if (response === null) return respondWith(lastWords(id));
    if (response.ok && response.body && isEventStream(response)) {
      return this.#follow(exchange, response, response.body, forget);
    }
    // What is no answer follows at once.
    forget();
    if (response.status === 202 && this.#listening === 0) {
      response.body?.cancel().catch(() => {});
      return respondWith(standInAnswer(id, onlyAccepted()));
    }
    return isWholeAnswer(response) ? response : boundBody(response);
  }

  #follow(
    { id, after, init }: Exchange,
    response: Response,
    body: NonNullable<Response["body"]>,
    forget: () => void,
  ): Response {
    this.#unanswered.add(id);
    const stream = new CallStream(body, {
      after,
      conclude: async (end) => {
        const events = await this.#conclude(id, end, init?.signal?.aborted === true);
        forget();
        return events;
      },
      onCancel: () => {
        forget();
        this.answered(id);
      },
    });
    const end = () => {
      forget();
      stream.end(asEvents(lastWords(id)));
    };
    this.#open.set(id, { end, endsWithAnswer: after !== null });
    // Another response would have to copy all headers, for each call. The SDKs do not read what was only "accepted".
    return Object.defineProperties(response, { body: { value: stream.readable }, status: { value: 200 } });
  }

  /** What the stream of a request ends with: where no answer can come any more, with one of ours. */
  async #conclude(id: RequestId, { lastId, error }: StreamEnd, isAborted: boolean): Promise<LastEvents> {
    if (isAborted) return { events: null, error };
    const isTooLarge = error instanceof AnswerTooLargeError;
    // By then the SDK has read what came last.
    if (lastId !== null && !isTooLarge && this.#unanswered.has(id)) await setImmediate();
    const isAnswered = !this.#unanswered.delete(id);
    if (isTooLarge) {
      const standIn = isAnswered ? [] : [standInAnswer(id, error)];
      return { events: asEvents(...standIn, lastWords(id)), error: null };
    }
    if (lastId === null) {
      return { events: isAnswered ? null : asEvents(standInAnswer(id, brokenOff())), error };
    }
    if (isAnswered) return { events: asEvents(lastWords(id)), error: null };
    this.#broken.add(id, lastId);
    return { events: asResumption(lastId), error: null };
  }
}
