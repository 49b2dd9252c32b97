import type { ServerStatus } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import {
  ConnectionLostError,
  NeedsAuthError,
  SessionLostError,
  type McpConnection,
  type McpConnectionEvents,
} from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import { settlesWithin } from "../settles-within.ts";
import type { AvailabilityLog } from "./availability-log.ts";
import { ConnectionAttempt, type ListOffers, type OpenConnection } from "./connection-attempt.ts";
import { ConnectionHealth } from "./connection-health.ts";
import { ReconnectSchedule } from "./reconnect-schedule.ts";

/** Closing is bounded by itself; should it hang all the same, it must not keep the server away for ever. */
const CLOSE_PATIENCE_MS = 15_000;
/** A server that refuses one call of a dead session is about to refuse the others. */
const REFUSALS_GRACE_MS = 1_000;

export interface ConnectionKeeperOptions {
  /** What holds now: asked for before every attempt. */
  settings: () => ServerSettings;
  openConnection: OpenConnection;
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  log: AvailabilityLog;
  events: Omit<McpConnectionEvents, "onClose">;
  /** Lists what the server offers: part of connecting. */
  list: ListOffers;
  /** Hides the server's secrets. */
  redact: (text: string) => string;
  /** The state or the error is not what it was. */
  onChange: () => void;
}

type State = "connecting" | "connected" | "waiting" | "resting" | "closed";

/** Which states may follow; see `ConnectionKeeper`. */
const NEXT: Record<State, readonly State[]> = {
  connecting: ["connected", "waiting", "closed"],
  connected: ["waiting", "resting", "closed"],
  waiting: ["connecting", "closed"],
  resting: ["connecting", "closed"],
  closed: [],
};

/**
 * Keeps one connection to one server up, for ever: a fresh one for every attempt, and never two at once, so a stdio
 * server has one process at most.
 *
 *                    ┌──────────────────┐
 *                    ▼                  │
 *     ──▶ connecting ──▶ connected ──▶ waiting
 *             ▲   │           │         ▲
 *             │   └───────────│─────────┘        any of them ──▶ closed
 *             └── resting ◀───┘
 *
 * - `connecting`: the server is started or reached, shakes hands, and lists what it offers.
 * - `connected`: requests run; it is pinged while it is idle. Lost when the transport says so, when it answers nothing
 *   any more (`ConnectionHealth`), or when the server no longer knows its session.
 * - `waiting`: lost, or an attempt failed; `ReconnectPolicy` says when the next one is made.
 * - `resting`: a lazy server that nobody used for its idle timeout; `wake` connects it again.
 * - `closed`: by us, for good.
 *
 * Publicly it is `connecting` only in its first attempt, so that a dead server does not flicker: after it `error` (never
 * was up), `disconnected` (was up, or rests) or `needs_auth`. `lastError` stays until it is up. `#become` alone changes
 * the state.
 */
export class ConnectionKeeper {
  /** Requests that run now. */
  running = 0;
  /** Requests so far. */
  served = 0;
  readonly #options: ConnectionKeeperOptions;
  readonly #schedule: ReconnectSchedule;
  readonly #stop = new AbortController();
  #state: State = "connecting";
  #status: ServerStatus = "connecting";
  #lastError: string | null = null;
  #attempt: ConnectionAttempt | null = null;
  #health: ConnectionHealth | null = null;
  /** Resolves when nothing of the former connection is left. Never rejects. */
  #closing: Promise<unknown> = Promise.resolve();
  #onIdle: (() => void) | null = null;
  /** Before the next attempt, or before a rest. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionKeeperOptions) {
    this.#options = options;
    this.#schedule = new ReconnectSchedule(options);
  }

  get status(): ServerStatus {
    return this.#status;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  get isResting(): boolean {
    return this.#state === "resting";
  }

  /** Null unless it is connected. */
  get connection(): McpConnection | null {
    return this.#state === "connected" ? (this.#attempt?.connection ?? null) : null;
  }

  /** Makes the first attempt. Resolves when that is over, either way. */
  start(): Promise<void> {
    return this.#connect();
  }

  /** Ends a rest. */
  wake(): void {
    if (this.#state !== "resting") return;
    this.#become("connecting");
    void this.#connect();
  }

  /** Another lifecycle or idle timeout may hold from now on. */
  settingsChanged(): void {
    if (this.#options.settings().lifecycle === "eager") this.wake();
    if (this.#state === "connected") clearTimeout(this.#timer);
    this.#restLater();
  }

  /** Runs a request on the connection, and learns from its end. Only while it is connected. */
  async use<T>(request: (connection: McpConnection) => Promise<T>): Promise<T> {
    const { connection } = this;
    if (!connection || !this.#health) throw new ConnectionLostError(this.#lastError ?? "it is not connected");
    clearTimeout(this.#timer);
    this.running += 1;
    this.served += 1;
    try {
      return await this.#health.watch(() => request(connection));
    } catch (error) {
      if (error instanceof SessionLostError) this.#lose(connection, describeError(error), true);
      throw error;
    } finally {
      this.running -= 1;
      if (this.running === 0) this.#onIdle?.();
      this.#restLater();
    }
  }

  /** `reason`, and below it the first and last lines of its stderr. Secrets are hidden. */
  explain(reason: string): string {
    return this.#options.redact(this.#attempt?.explain(reason) ?? reason);
  }

  /** Ends the connection, with what still runs on it, and the server's processes. */
  async close(): Promise<void> {
    this.#become("closed");
    this.#stop.abort(new Error("it was closed"));
    await this.#attempt?.connection.close();
    await this.#closing;
  }

  #become(state: State, error: unknown = null): void {
    if (!NEXT[this.#state].includes(state)) return;
    const wasUp = this.#status === "connected" || this.#status === "disconnected";
    this.#state = state;
    clearTimeout(this.#timer);
    if (state !== "connected") this.#health?.stop();
    if (state === "connected") {
      this.#lastError = null;
      this.#status = "connected";
      this.#options.log.connected();
    }
    if (state === "resting" || state === "closed") this.#status = "disconnected";
    if (state === "waiting") {
      this.#lastError = this.explain(describeError(error));
      this.#status = error instanceof NeedsAuthError ? "needs_auth" : wasUp ? "disconnected" : "error";
      this.#options.log.unavailable({ status: this.#status, error: this.#lastError });
    }
    this.#options.onChange();
  }

  async #connect(): Promise<void> {
    await settlesWithin(this.#closing, CLOSE_PATIENCE_MS);
    if (this.#state !== "connecting") return;
    const { settings, events } = this.#options;
    const onClose = (reason: string) => this.#lose(attempt.connection, reason);
    const options = { ...this.#options, settings: settings(), events: { ...events, onClose } };
    const attempt: ConnectionAttempt = new ConnectionAttempt(options);
    this.#attempt = attempt;
    try {
      await attempt.connect(this.#stop.signal);
      this.#succeed(attempt.connection);
    } catch (error) {
      this.#giveUp(attempt.connection, error);
    }
  }

  #succeed(connection: McpConnection): void {
    if (this.#state !== "connecting") return;
    this.#schedule.connected();
    this.#health = new ConnectionHealth({
      clock: this.#options.clock,
      connection,
      toolTimeoutMs: () => this.#options.settings().toolTimeoutMs,
      onDead: (reason) => this.#lose(connection, reason),
    });
    this.#become("connected");
    this.#restLater();
  }

  /** `isRefusing`: the server answers what still runs with a refusal, so it may. */
  #lose(connection: McpConnection, reason: string, isRefusing = false): void {
    if (connection !== this.connection) return;
    this.#giveUp(connection, new ConnectionLostError(reason), isRefusing);
  }

  #giveUp(connection: McpConnection, error: unknown, isRefusing = false): void {
    const closing = isRefusing ? this.#closeAfterRefusals(connection) : connection.close();
    this.#closing = Promise.allSettled([closing]);
    if (this.#state === "closed") return;
    this.#become("waiting", error);
    this.#timer = setTimeout(() => {
      this.#become("connecting");
      void this.#connect();
    }, this.#schedule.ended(error));
  }

  async #closeAfterRefusals(connection: McpConnection): Promise<void> {
    const idle = Promise.withResolvers<void>();
    this.#onIdle = idle.resolve;
    await settlesWithin(idle.promise, REFUSALS_GRACE_MS);
    await connection.close();
  }

  #restLater(): void {
    const { lifecycle, idleTimeoutMs } = this.#options.settings();
    if (lifecycle !== "lazy" || this.#state !== "connected" || this.running > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), idleTimeoutMs);
  }

  #rest(): void {
    this.#closing = Promise.allSettled([this.connection?.close()]);
    this.#become("resting");
  }
}
