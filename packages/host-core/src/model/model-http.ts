import { EnvHttpProxyAgent, fetch as undiciFetch, type Dispatcher } from "undici";
import { streamingFetch } from "./no-stream-error.ts";

/** How the providers' SDKs reach the network. */
export interface ModelHttp {
  readonly fetch: typeof globalThis.fetch;
  /** For one request: tells when its answer begins, and of each piece of it, pings and all. */
  watched(heard: () => void): Dispatcher;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * One pool of connections, through the proxy that the environment names. Idle connections keep no process alive, and
 * close by themselves after seconds.
 */
export function createModelHttp(environment: Variables): ModelHttp {
  const variable = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const agent = new EnvHttpProxyAgent({
    httpProxy: variable("HTTP_PROXY"),
    httpsProxy: variable("HTTPS_PROXY"),
    noProxy: variable("NO_PROXY"),
    // How long an answer may take is the model's to say, and held in within-limits.ts.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Over HTTP/2 a hundred answers would share one connection, and break together.
    allowH2: false,
  });
  return {
    // Two declarations of one standard: undici's and the one that comes with Node's types.
    fetch: streamingFetch(undiciFetch as unknown as typeof globalThis.fetch),
    watched: (heard) =>
      agent.compose((dispatch) => (options, handler) => dispatch(options, watchedHandler(handler, heard))),
  };
}

function watchedHandler(handler: Dispatcher.DispatchHandler, heard: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...details) => handler.onRequestStart?.(...details),
    onRequestUpgrade: (...details) => handler.onRequestUpgrade?.(...details),
    onRequestSent: () => handler.onRequestSent?.(),
    onBodySent: (chunk) => handler.onBodySent?.(chunk),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart: (...details) => {
      heard();
      handler.onResponseStart?.(...details);
    },
    onResponseData: (controller, chunk) => {
      heard();
      handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd: (...details) => handler.onResponseEnd?.(...details),
    onResponseError: (...details) => handler.onResponseError?.(...details),
  };
}
