import { NotRunError, RequestRejectedError, SessionLostError } from "../connection.ts";
import type { CallStreams } from "../http/call-streams.ts";

/** For the answer of a server that may be gone. */
export const PROBE_TIMEOUT_MS = 5_000;

export interface ProbeOptions {
  ping: (signal: AbortSignal) => Promise<void>;
  /** The responses of requests, where each has one of its own. */
  streams: Pick<CallStreams, "areOpen"> | null;
  /** Nothing has answered; `reason` is that of the doubt. */
  onLost: (reason: string) => Promise<void>;
}

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
      await this.#options.ping(AbortSignal.timeout(PROBE_TIMEOUT_MS));
    } catch (error) {
      // An error is an answer too: some servers do not know ping.
      if (error instanceof RequestRejectedError) return;
      // What could not be sent says nothing of the requests that were.
      const isUnsent = error instanceof NotRunError && !(error instanceof SessionLostError);
      if (!isUnsent || !this.#options.streams?.areOpen) await this.#options.onLost(reason);
    } finally {
      this.#isAsking = false;
    }
  }
}
