import { withDeadline } from "../../with-deadline.ts";
import { isStatus, isUnsent, RequestRejectedError } from "../connection.ts";
import type { CallStreams } from "../http/call-streams.ts";

/** How long the answer of a server that may be gone is waited for. */
export const PROBE_TIMEOUT_MS = 5_000;

export interface ProbeOptions {
  ping: (signal: AbortSignal) => Promise<void>;
  /** The responses of requests, where each has one of its own. */
  streams: Pick<CallStreams, "areOpen"> | null;
  /** Nothing has answered; `reason` is that of the doubt. */
  onLost: (reason: string) => Promise<void>;
}

/** A server that is busy may miss one or two. */
const UNANSWERED_MAX = 3;

/** Over HTTP nothing ends a call whose server has died; a question that fails does. One is asked at a time. */
export class Probe {
  readonly #options: ProbeOptions;
  #isAsking = false;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  async ask(reason: string): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      if (await this.#isLost()) await this.#options.onLost(reason);
    } finally {
      this.#isAsking = false;
    }
  }

  async #isLost(): Promise<boolean> {
    const { ping } = this.#options;
    const { signal } = new AbortController();
    const reason = new Error("no answer to a ping");
    for (let count = 0; count < UNANSWERED_MAX; count += 1) {
      try {
        await withDeadline({ signal, timeoutMs: PROBE_TIMEOUT_MS, reason }, ping);
        return false;
      } catch (error) {
        if (error !== reason) return this.#meansLost(error);
      }
    }
    return true;
  }

  #meansLost(error: unknown): boolean {
    // An error is an answer too: some servers do not know ping. Behind an HTTP status there is somebody as well.
    if (error instanceof RequestRejectedError || isStatus(error)) return false;
    // What could not be sent says nothing of the requests that were.
    return !(isUnsent(error) && this.#options.streams?.areOpen);
  }
}
