import { withDeadline } from "../../with-deadline.ts";
import { AnswerTooLargeError, ConnectionLostError } from "../connection.ts";
import type { JsonRpcMessage, RequestId } from "../wire/json-rpc.ts";
import { readMessages } from "../wire/read-messages.ts";
import { BodyGauge } from "./body-gauge.ts";
import { boundBody, isEventStream } from "./bound-body.ts";
import type { Fetch } from "./guarded-fetch.ts";
import { lastWords, standInAnswer } from "./stand-in-answer.ts";

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

/** The line breaks end an event that was cut off. */
function asEvent(answer: JsonRpcMessage): Uint8Array {
  return new TextEncoder().encode(`\n\nevent: message\ndata: ${JSON.stringify(answer)}\n\n`);
}

function isWholeAnswer({ ok, body, headers }: Response): boolean {
  // Without a body, as with status 204, there is nothing to read, and no copy can be made.
  return ok && body !== null && headers.get("content-type")?.startsWith("application/json") === true;
}

/** Reads an answer to its end, so that until then it can be ended. The SDKs are stricter with what it says. */
async function readWhole(response: Response): Promise<Response> {
  const { status, headers } = response;
  const whole = new Response(await boundBody(response).arrayBuffer(), { status, headers });
  return Object.defineProperty(whole, "json", { value: async () => readMessages(await whole.text()) });
}

function brokenOff(): Error {
  return new ConnectionLostError("its response ended before the answer had come");
}

/**
 * The responses of requests over Streamable HTTP. One can be ended: a server of the TypeScript SDK never ends the
 * response of a call that was cancelled, and each would hold a socket until the session is over. One that ends too
 * early, or is too large, fails its request: the SDKs would wait for an answer that cannot come any more.
 */
export class CallStreams {
  readonly #ends = new Map<RequestId, () => void>();
  /** Requests whose stream has begun, and brought no answer yet. */
  readonly #unanswered = new Set<RequestId>();
  /** Those whose stream broke off after an event with an id: the SDK asks for the rest of it. */
  readonly #resuming = new Set<RequestId>();

  /** Whether the response of any request has not ended yet. */
  get areOpen(): boolean {
    return this.#ends.size > 0;
  }

  /** Ends the response of a request that was cancelled. The transport meets neither an error nor a stream to resume. */
  end(id: RequestId): void {
    this.answered(id);
    this.#ends.get(id)?.();
  }

  /** How its stream ends is of no interest any more. */
  answered(id: RequestId): void {
    this.#unanswered.delete(id);
    this.#resuming.delete(id);
  }

  /** The SDK has given up asking for the rest of a stream, and does not say of which: the requests that it may concern. */
  giveUp(): RequestId[] {
    const ids = [...this.#resuming];
    for (const id of ids) this.answered(id);
    return ids;
  }

  /** Fetch whose responses can be ended, and whose messages are bounded. */
  watch(fetch: Fetch): Fetch {
    return async (url, init) => {
      const id = requestIdOf(init);
      if (id !== null) return await this.#fetchFor(id, fetch, url, init);
      return boundBody(await (isNotice(init) ? fetchNotice(fetch, url, init) : fetch(url, init)));
    };
  }

  async #fetchFor(id: RequestId, fetch: Fetch, url: string | URL, init?: RequestInit): Promise<Response> {
    const controller = new AbortController();
    const ended = Promise.withResolvers<Response>();
    const abort = () => controller.abort(init?.signal?.reason);
    if (init?.signal?.aborted) abort();
    init?.signal?.addEventListener("abort", abort, { once: true });
    const forget = () => {
      init?.signal?.removeEventListener("abort", abort);
      this.#ends.delete(id);
    };
    this.#ends.set(id, () => {
      forget();
      ended.resolve(Response.json(lastWords(id)));
      controller.abort();
    });
    let response: Response;
    try {
      const fetched = fetch(url, { ...init, signal: controller.signal });
      const read = fetched.then((begun) => (isWholeAnswer(begun) ? readWhole(begun) : begun));
      response = await Promise.race([ended.promise, read]);
    } catch (error) {
      forget();
      throw error;
    }
    if (response.ok && response.body && isEventStream(response)) {
      return this.#withEnd(id, response, response.body, forget);
    }
    // What is no answer follows at once.
    forget();
    return isWholeAnswer(response) ? response : boundBody(response);
  }

  #withEnd(
    id: RequestId,
    response: Response,
    body: NonNullable<Response["body"]>,
    forget: () => void,
  ): Response {
    const reader = body.getReader();
    const gauge = new BodyGauge(true);
    this.#unanswered.add(id);
    let isEnded = false;
    /** What the stream ends with once the stand-in has been read; null while it goes on. */
    let ending: { error: unknown } | null = null;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#ends.set(id, () => {
          forget();
          isEnded = true;
          controller.enqueue(asEvent(lastWords(id)));
          controller.close();
          reader.cancel().catch(() => {});
        });
      },
      pull: async (controller) => {
        if (ending) return controller.error(ending.error);
        try {
          const { value, done } = await reader.read();
          if (isEnded) return;
          if (!done) {
            gauge.add(value);
            controller.enqueue(value);
            return;
          }
          forget();
          this.#standIn(id, gauge, null, controller);
          controller.close();
        } catch (error) {
          forget();
          reader.cancel(error).catch(() => {});
          if (error instanceof AnswerTooLargeError) {
            this.#standIn(id, gauge, error, controller);
            controller.close();
            return;
          }
          ending = { error };
          if (!this.#standIn(id, gauge, null, controller)) controller.error(error);
        }
      },
      cancel: async (reason) => {
        forget();
        this.answered(id);
        await reader.cancel(reason);
      },
    });
    // Another response would have to copy all headers, for each call.
    return Object.defineProperty(response, "body", { value: stream });
  }

  /** Ends what was too large, or else cut off, with an answer of ours, where none can come any more; whether it did. */
  #standIn(
    id: RequestId,
    { hasIds }: BodyGauge,
    tooLarge: AnswerTooLargeError | null,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): boolean {
    if (!this.#unanswered.delete(id)) return false;
    if (hasIds && !tooLarge) {
      this.#resuming.add(id);
      return false;
    }
    controller.enqueue(asEvent(standInAnswer(id, tooLarge ?? brokenOff())));
    return true;
  }
}
