import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { settlesWithin } from "../../settles-within.ts";
import { PROBE_TIMEOUT_MS } from "../wire/probe.ts";

/** A server that refuses one request of a dead session is about to refuse the others. */
const REFUSALS_GRACE_MS = 1_000;

/** The status of an answer that the SDK made an error of; null for other errors. Its SSE transport has it in the text. */
export function httpStatusOf(error: unknown): number | null {
  // The SDK has -1 for an answer that is neither JSON nor a stream.
  if (error instanceof StreamableHTTPError)
    return error.code !== undefined && error.code > 0 ? error.code : null;
  const status = error instanceof Error ? /\(HTTP (\d{3})\)/.exec(error.message)?.[1] : undefined;
  return status === undefined ? null : Number(status);
}

/**
 * Finds out whether a server has forgotten the session, as after its restart. A 404 says so (MCP specification, "Session
 * Management"), and many servers answer 400 with a word about sessions instead. But a gateway may know no way for one
 * request alone, and a session may be what a tool itself speaks of, so the same answer to a ping decides.
 */
export class SessionCheck {
  readonly #ping: (signal: AbortSignal) => Promise<void>;
  #isLost = false;
  #asking: Promise<void> | null = null;

  constructor(ping: (signal: AbortSignal) => Promise<void>) {
    this.#ping = ping;
  }

  /** Whether a request of `method` failed with `error` for that reason. Never rejects. */
  async isLost(method: string, error: unknown): Promise<boolean> {
    const status = httpStatusOf(error);
    const isWord = status === 400 && error instanceof Error && /session/i.test(error.message);
    if (status !== 404 && !isWord) return false;
    if (method === "ping") this.#isLost = true;
    if (!this.#isLost) await this.#ask();
    return this.#isLost;
  }

  /** Lets the server refuse what still waits, which may then run in a new session. At once unless this one is lost. */
  async outlastRefusals(requests: { whenIdle(): Promise<void> }): Promise<void> {
    if (this.#isLost) await settlesWithin(requests.whenIdle(), REFUSALS_GRACE_MS);
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#ping(AbortSignal.timeout(PROBE_TIMEOUT_MS))
      .catch(() => {
        // Its own refusal has been judged by now.
      })
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}
