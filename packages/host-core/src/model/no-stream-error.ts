import { readObject } from "./given-values.ts";

/** How much of a page is quoted, in characters. */
const QUOTED_LENGTH = 300;
/** How much is read of an answer that is no stream, in characters. */
const READ_LENGTH = 16_384;

/** What servers, proxies and login pages answer in place of a stream. Others name their streams oddly. */
const NO_STREAM = /^\s*(?:application\/json|text\/html)\b/i;

/** A server answered with success and without a stream. The SDKs would see a stream that ends at once. */
export class NoStreamError extends Error {
  override readonly name = "NoStreamError";
  /** The server's name for what went wrong, when it says so. */
  readonly type: string | null;

  constructor(contentType: string, text: string) {
    const { message, type } = readObject(readObject(parse(text))["error"]);
    const words = typeof message === "string" ? message : text.trim().slice(0, QUOTED_LENGTH);
    super(`it answered with ${contentType} in place of an event stream: ${words}`);
    this.type = typeof type === "string" ? type : null;
  }
}

/** Fetch that takes nothing for a stream that says of itself that it is none. */
export function streamingFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const contentType = response.headers.get("content-type") ?? "";
    if (!response.ok || !NO_STREAM.test(contentType)) return response;
    throw new NoStreamError(contentType, await beginningOf(response));
  };
}

async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  // Leaving the loop cancels the rest.
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= READ_LENGTH) break;
  }
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
