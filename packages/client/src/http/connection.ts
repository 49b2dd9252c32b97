import { MillraceConnectionError, MillraceError } from "./errors.ts";
import { pause } from "./pause.ts";
import { REQUEST_PATIENCE, retryDelayMs, type Patience } from "./retry-policy.ts";

/** Settings of {@link createClient}. */
export interface ClientOptions {
  /** Where the api is, such as `http://127.0.0.1:8000`; behind a proxy, with the path that it is found under. */
  url: string;
  /** One of the api's keys; needed unless it runs without keys. */
  apiKey?: string | undefined;
  /** In place of the platform's own `fetch`. */
  fetch?: typeof fetch | undefined;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is; asked for at each try. */
  body?: () => Blob | ReadableStream<Uint8Array>;
  signal?: AbortSignal | undefined;
  /** Whether it may be sent again when nobody knows whether it was done. By default all but POST. */
  repeatable?: boolean;
  patience?: Patience;
  /** Asked after each try that failed: whether something has got on all the same, so that the tries begin anew. */
  hasGotOn?: () => boolean;
}

const VISIBLE = /^[\x21-\x7e]+$/;

/** Sends requests to one api, again where that is safe, and makes errors of what is no success. */
export class Connection {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  constructor({ url, apiKey, fetch: fetchOption = globalThis.fetch }: ClientOptions) {
    this.#url = readUrl(url);
    if (apiKey !== undefined && !VISIBLE.test(apiKey)) {
      throw new TypeError("apiKey must be visible ASCII characters without spaces: the secret alone.");
    }
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    // A browser's fetch must not be called as the method of anything else.
    this.#fetch = (...parameters) => fetchOption(...parameters);
  }

  /** The JSON of a successful answer, and its status. */
  async json(path: string, options: RequestOptions = {}): Promise<{ status: number; body: unknown }> {
    return await this.#retry(options, async () => {
      const response = await this.#once(path, options);
      const text = await this.#text(response, path, options.signal);
      try {
        return { status: response.status, body: JSON.parse(text) };
      } catch {
        throw new MillraceError(response, this.#url + path, text);
      }
    });
  }

  /** The body alone of {@link json}, in the form that the contract states. */
  async read<Body>(path: string, options: RequestOptions = {}): Promise<Body> {
    return (await this.json(path, options)).body as Body;
  }

  /** For requests that are answered 204. */
  async send(path: string, options: RequestOptions): Promise<void> {
    const response = await this.open(path, options);
    await response.body?.cancel();
  }

  /** A successful answer whose body is yet to be read. */
  async open(path: string, options: RequestOptions = {}): Promise<Response> {
    return await this.#retry(options, () => this.#once(path, options));
  }

  /** What a break in the middle of an answer is to the caller. */
  broken(path: string, cause: unknown): MillraceConnectionError {
    return new MillraceConnectionError(this.#url + path, cause);
  }

  async #retry<Result>(options: RequestOptions, send: () => Promise<Result>): Promise<Result> {
    const { signal, patience = REQUEST_PATIENCE, method = "GET" } = options;
    const repeatable = options.repeatable ?? method !== "POST";
    let start = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send();
      } catch (error) {
        signal?.throwIfAborted();
        if (options.hasGotOn?.()) {
          attempt = 1;
          start = performance.now();
        }
        const elapsedMs = performance.now() - start;
        const delayMs = retryDelayMs(error, { attempt, elapsedMs, repeatable }, patience);
        if (delayMs === null) throw error;
        await pause(delayMs, signal);
      }
    }
  }

  async #once(path: string, options: RequestOptions): Promise<Response> {
    const { method = "GET", signal, headers, json, body, query = {} } = options;
    signal?.throwIfAborted();
    const content = json === undefined ? body?.() : JSON.stringify(json);
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers: {
        accept: "application/json",
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...this.#headers,
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
      ...(content instanceof ReadableStream ? { duplex: "half" } : {}),
      ...(signal ? { signal } : {}),
    };
    let response: Response;
    try {
      response = await this.#fetch(this.#url + path + queryText(query), init);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.broken(path, error);
    }
    if (response.ok) return response;
    throw new MillraceError(response, this.#url + path, await this.#text(response, path, signal));
  }

  async #text(response: Response, path: string, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.broken(path, error);
    }
  }
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new TypeError(`url must be http://… or https://… without a query, such as http://127.0.0.1:8000`);
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

function queryText(query: Query): string {
  const entries = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return entries.length === 0 ? "" : `?${new URLSearchParams(entries).toString()}`;
}
