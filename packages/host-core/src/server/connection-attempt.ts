import type { Clock } from "../clock.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import {
  ConnectionLostError,
  RequestRejectedError,
  type McpConnection,
  type McpConnectionEvents,
} from "../connection/connection.ts";
import { StderrTail } from "./stderr-tail.ts";
import { withDeadline } from "../with-deadline.ts";

/** Makes a connection that is not connected yet: a fresh one for every attempt. */
export type OpenConnection = (settings: ServerSettings, events: McpConnectionEvents) => McpConnection;

/** `timeLeftMs` is what is left of the time to connect, when `signal` will abort. */
export type ListOffers = (
  connection: McpConnection,
  signal: AbortSignal,
  timeLeftMs: number,
) => Promise<void>;

export interface ConnectionAttemptOptions {
  settings: ServerSettings;
  openConnection: OpenConnection;
  events: McpConnectionEvents;
  /** Hides the server's secrets. */
  redact: (text: string) => string;
  clock: Clock;
  /** Lists what the server offers: part of connecting. */
  list: ListOffers;
}

/** A server's own words may be those of any failure, such as `fetch failed`: says who said them, and to what. */
async function naming<T>(request: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof RequestRejectedError)) throw error;
    throw new RequestRejectedError(error.code, `the server refused ${request}: ${error.message}`);
  }
}

/** One attempt to connect, and what the server writes to stderr in the life that may come of it. */
export class ConnectionAttempt {
  readonly connection: McpConnection;
  readonly #options: ConnectionAttemptOptions;
  readonly #stderr: StderrTail;
  readonly #lost = new AbortController();

  constructor(options: ConnectionAttemptOptions) {
    this.#options = options;
    this.#stderr = new StderrTail(options.redact);
    const { settings, events } = options;
    this.connection = options.openConnection(settings, {
      ...events,
      onClose: (reason) => {
        this.#lost.abort(new ConnectionLostError(reason));
        events.onClose(reason);
      },
      onStderr: (line) => {
        this.#stderr.push(line);
        events.onStderr(line);
      },
    });
  }

  /** Connects and lists, within the server's connect timeout. Also after a failure, the connection must be closed. */
  async connect(signal: AbortSignal): Promise<void> {
    const { settings, clock, list } = this.#options;
    const timeoutMs = settings.connectTimeoutMs;
    const startedAt = clock.monotonicMs();
    const reason = new Error(
      `it did not connect and list its tools within ${timeoutMs / 1_000} s; raise its "timeout" if it needs longer`,
    );
    await withDeadline({ signal, timeoutMs, reason }, async (bounded) => {
      await naming("to be connected", this.connection.connect(bounded));
      const timeLeftMs = timeoutMs - (clock.monotonicMs() - startedAt);
      await naming("to list its tools", list(this.connection, bounded, timeLeftMs));
    });
    // Its last list may have come just before its end.
    this.#lost.signal.throwIfAborted();
  }

  /** `reason`, and below it the first and last lines of the server's stderr. */
  explain(reason: string): string {
    return this.#stderr.explain(reason);
  }
}
