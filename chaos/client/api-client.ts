import { setTimeout as delay } from "node:timers/promises";
import type { Violation } from "../violation.ts";

/** One request: the longest, a reload, takes 15 s. An api that is stopped answers nothing. */
const REQUEST_TIMEOUT_MS = 25_000;
/** Before the first repeat; it doubles each time. */
const FIRST_WAIT_MS = 200;
const WAIT_MS_MAX = 3_000;
/** However many faults come together, one api answers within this. */
const PATIENCE_MS = 180_000;

export interface ApiRequest {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Answer {
  status: number;
  body: unknown;
}

/** Nobody has answered for as long as a client is willing to wait. */
export class NoAnswerError extends Error {
  override name = "NoAnswerError";
}

/**
 * A client as the documentation wants it: it asks one api after another, and repeats what had no answer or a 503, each
 * time later. Every other 5xx is a violation.
 */
export class ApiClient {
  readonly violations: Violation[] = [];
  /** Requests that were sent again. */
  repeats = 0;
  readonly #urls: readonly string[];
  readonly #signal: AbortSignal;
  #turn = 0;

  constructor(urls: readonly string[], signal: AbortSignal) {
    this.#urls = urls;
    this.#signal = signal;
  }

  /** The api whose turn it is. */
  nextUrl(): string {
    this.#turn += 1;
    return this.#urls[this.#turn % this.#urls.length] ?? "";
  }

  /** @throws NoAnswerError, or the signal's reason. */
  async ask(path: string, request: ApiRequest = {}): Promise<Answer> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let attempt = 1; performance.now() < deadline; attempt += 1) {
      const answer = await this.#try(path, request);
      if (typeof answer !== "number") return answer;
      this.repeats += 1;
      const waitMs = Math.max(answer, Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), WAIT_MS_MAX));
      await delay(waitMs, undefined, { signal: this.#signal });
    }
    throw new NoAnswerError(`${request.method ?? "GET"} ${path} had no answer within ${PATIENCE_MS} ms`);
  }

  /** A number is no answer: so many milliseconds are to be waited at least. */
  async #try(path: string, { method = "GET", headers = {}, body }: ApiRequest): Promise<Answer | number> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    try {
      const response = await fetch(this.nextUrl() + path, {
        method,
        signal,
        headers: { accept: "application/json", "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status === 503) return Number(response.headers.get("retry-after")) * 1_000;
      if (response.status >= 500) {
        this.violations.push({ kind: "http", detail: `${method} ${path}: ${response.status} ${text}` });
        return 0;
      }
      return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
    } catch (error) {
      this.#signal.throwIfAborted();
      // Refused, reset, or silent: the api is down, paused, or has died in the middle of its answer.
      if (error instanceof SyntaxError) throw error;
      return 0;
    }
  }
}
