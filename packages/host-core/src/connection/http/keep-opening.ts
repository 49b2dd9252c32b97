import { describeError } from "../../describe-error.ts";
import { pause } from "../../pause.ts";
import { NeedsAuthError } from "../connection.ts";
import type { Fetch } from "./guarded-fetch.ts";
import { mayPass } from "./passing-refusal.ts";

const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 60_000;

/** Why a stream could not be opened for now; else the response. */
async function open(fetch: Fetch, url: string | URL, init: RequestInit): Promise<Response | string> {
  try {
    const response = await fetch(url, init);
    if (!mayPass(response.status)) return response;
    await response.body?.cancel();
    return `HTTP status ${response.status}`;
  } catch (error) {
    if (error instanceof NeedsAuthError) throw error;
    return describeError(error);
  }
}

/** What the SDK takes for the word of a server that has no such stream: it asks no more. */
const noStream = () => new Response(null, { status: 405 });

/**
 * Fetch that asks for a stream (GET) until it is opened, or refused for good, ever more slowly. The SDK of the older
 * protocol versions asks twice, and would then hear nothing from the server for as long as the connection lives.
 * `onRefused` is told of each time.
 */
export function keepOpening(fetch: Fetch, onRefused: (error: Error) => void): Fetch {
  return async (url, init) => {
    if (init?.method !== "GET") return await fetch(url, init);
    const signal = init.signal ?? new AbortController().signal;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const opened = await open(fetch, url, init);
      if (typeof opened !== "string") return opened;
      if (signal.aborted) return noStream();
      onRefused(new Error(`the event stream cannot be opened: ${opened}`));
      try {
        await pause(pauseMs, signal);
      } catch {
        return noStream();
      }
    }
  };
}
