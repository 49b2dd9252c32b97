import type { RequestId } from "../wire/json-rpc.ts";
import type { Fetch } from "./guarded-fetch.ts";

/** A request that the SDKs have written has its id last; a key inside of `params` is followed by two braces. */
const REQUEST_ID = /"id":(\d+)\}$/;

function requestIdOf(init: RequestInit | undefined): number | null {
  if (init?.method !== "POST" || typeof init.body !== "string") return null;
  const match = REQUEST_ID.exec(init.body.slice(-30));
  return match ? Number(match[1]) : null;
}

/** An answer that nobody waits for: it tells the SDK that it need not ask for the rest of the stream. */
function lastWords(id: RequestId): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result: {} });
}

/**
 * The responses of requests over Streamable HTTP, so that one can be ended. A server of the TypeScript SDK never ends
 * the response of a call that was cancelled: each would hold a socket until the session is over.
 */
export class CallStreams {
  readonly #ends = new Map<RequestId, () => void>();

  /** Ends the response of a request that was cancelled. The transport meets neither an error nor a stream to resume. */
  end(id: RequestId): void {
    this.#ends.get(id)?.();
  }

  /** Fetch whose responses can be ended. */
  watch(fetch: Fetch): Fetch {
    return (url, init) => {
      const id = requestIdOf(init);
      return id === null ? fetch(url, init) : this.#fetchFor(id, fetch, url, init);
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
      ended.resolve(new Response(lastWords(id), { headers: { "content-type": "application/json" } }));
      controller.abort();
    });
    let response: Response;
    try {
      response = await Promise.race([ended.promise, fetch(url, { ...init, signal: controller.signal })]);
    } catch (error) {
      forget();
      throw error;
    }
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (response.body && isStream) return this.#withEnd(id, response, response.body, forget);
    // The body of any other answer follows at once.
    forget();
    return response;
  }

  #withEnd(
    id: RequestId,
    response: Response,
    body: NonNullable<Response["body"]>,
    forget: () => void,
  ): Response {
    const reader = body.getReader();
    let isEnded = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#ends.set(id, () => {
          forget();
          isEnded = true;
          controller.enqueue(new TextEncoder().encode(`event: message\ndata: ${lastWords(id)}\n\n`));
          controller.close();
          reader.cancel().catch(() => {});
        });
      },
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (isEnded) return;
          if (!done) {
            controller.enqueue(value);
            return;
          }
          forget();
          controller.close();
        } catch (error) {
          forget();
          controller.error(error);
        }
      },
      async cancel(reason) {
        forget();
        await reader.cancel(reason);
      },
    });
    // Another response would have to copy all headers, for each call.
    return Object.defineProperty(response, "body", { value: stream });
  }
}
