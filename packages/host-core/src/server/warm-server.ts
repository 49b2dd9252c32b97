import PQueue from "p-queue";
import { jobError, type JobError, type ServerStatus } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import { redact } from "../config/secrets.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { McpConnection, McpConnectionEvents, ServerTool } from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import type { Logger } from "../logger.ts";
import { createDebouncedTask } from "./debounced-task.ts";
import { listOffers, listTools, type Offers } from "./list-offers.ts";
import { runCall, type CallEnvironment, type ToolCall, type ToolCallOutcome } from "./run-call.ts";
import { StderrTail } from "./stderr-tail.ts";

/** Servers announce changes in bursts. */
const REFRESH_DELAY_MS = 100;

/** Makes a connection that is not connected yet: a fresh one for every attempt. */
export type OpenConnection = (settings: ServerSettings, events: McpConnectionEvents) => McpConnection;

export interface WarmServerOptions {
  settings: ServerSettings;
  openConnection: OpenConnection;
  logger: Logger;
  clock: Clock;
  maxResultBytes: number;
  /** The status, the tools or the resources are not what they were. */
  onChange: () => void;
}

type State = "connecting" | "connected" | "error" | "disconnected" | "closed";

interface StateDetails extends Partial<Offers> {
  lastError?: string | null;
}

/** Which states may follow; see `WarmServer`. */
const NEXT: Record<State, readonly State[]> = {
  connecting: ["connected", "error", "closed"],
  connected: ["disconnected", "closed"],
  error: ["closed"],
  disconnected: ["closed"],
  closed: [],
};

/**
 * One configured server, kept connected so that a call finds it warm.
 *
 *     connecting ──▶ connected ──▶ disconnected
 *         │              │              │
 *         ├──▶ error ────┼──────────────┤
 *         └──────────────┴──────────────┴──▶ closed
 *
 * - `connecting`: from the beginning; the process starts, shakes hands, lists its tools. Calls wait.
 * - `connected`: tools are known, calls run, at most `maxConcurrentTools` at once, first come first served.
 * - `error`: it never came up. `disconnected`: it was up, and its connection broke. `lastError` says why.
 * - `closed`: by us. Public status: disconnected.
 *
 * Tools and resources are known exactly while it is connected. `#become` alone changes the state.
 */
export class WarmServer {
  readonly settings: ServerSettings;
  /** Resolves once the first attempt to connect is over, either way. Never rejects. */
  readonly settled: Promise<void>;
  readonly #options: WarmServerOptions;
  readonly #logger: Logger;
  readonly #stderr = new StderrTail();
  readonly #queue: PQueue;
  readonly #hasSettled = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #refresh = createDebouncedTask(() => this.#refreshTools(), REFRESH_DELAY_MS);
  #state: State = "connecting";
  #lastError: string | null = null;
  #connection: McpConnection | null = null;
  #tools: readonly ServerTool[] | null = null;
  #resources: readonly string[] = [];

  constructor(options: WarmServerOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.settings = options.settings;
    this.settled = this.#hasSettled.promise;
    this.#queue = new PQueue({ concurrency: options.settings.maxConcurrentTools });
  }

  get status(): ServerStatus {
    return this.#state === "closed" ? "disconnected" : this.#state;
  }

  /** Why it is not connected, with the last lines of its stderr; secrets are hidden. Null when all is well. */
  get lastError(): string | null {
    return this.#lastError;
  }

  get tools(): readonly ServerTool[] | null {
    return this.#tools;
  }

  get resources(): readonly string[] {
    return this.#resources;
  }

  /** Connects and lists. Resolves when that is over; a failure is in `status` and `lastError`. */
  async start(): Promise<void> {
    if (this.#state !== "connecting" || this.#connection) return;
    const { settings } = this;
    if (settings.problem !== null) {
      this.#become("error", { lastError: settings.problem });
      return;
    }
    const deadline = AbortSignal.timeout(settings.connectTimeoutMs);
    const signal = AbortSignal.any([deadline, this.#stop.signal]);
    const connection = this.#open();
    try {
      await connection.connect(signal);
      const offers = await listOffers(connection, signal, this.#warn);
      this.#become("connected", offers);
    } catch (error) {
      const seconds = settings.connectTimeoutMs / 1_000;
      const reason = deadline.aborted
        ? `it did not connect and list its tools within ${seconds} s; raise its "timeout" if it needs longer`
        : describeError(error);
      this.#become("error", { lastError: this.#explain(reason) });
      await connection.close();
    }
  }

  /** Runs a call when a slot is free. Rejects only with the reason of `call.signal`, waiting or running. */
  async call(call: ToolCall): Promise<ToolCallOutcome> {
    if (this.#queue.pending >= this.#queue.concurrency) call.onWaiting?.();
    const run = (): Promise<ToolCallOutcome> => {
      call.onRunning?.();
      return this.#run(call);
    };
    return await this.#queue.add(run, { signal: call.signal });
  }

  /** Why no call can run now. */
  unavailable(): JobError {
    const { name } = this.settings;
    const reason = this.#lastError ?? "it was closed";
    return jobError("server_unavailable", `Server "${name}" is not available (${this.status}): ${reason}`);
  }

  /** Ends the connection, with what still runs on it, and the server's processes. */
  async close(): Promise<void> {
    this.#become("closed", { lastError: this.#lastError });
    this.#refresh.stop();
    this.#stop.abort(new Error("it was closed"));
    await this.#connection?.close();
  }

  #become(state: State, { lastError = null, tools, resources = [] }: StateDetails): void {
    // A late answer of a connection that was given up changes nothing.
    if (!NEXT[this.#state].includes(state)) return;
    this.#state = state;
    this.#lastError = lastError;
    this.#tools = tools ?? null;
    this.#resources = resources;
    this.#logState();
    this.#hasSettled.resolve();
    this.#options.onChange();
  }

  #logState(): void {
    const server = this.settings.name;
    if (this.#state === "connected") {
      this.#logger.info({ server, tools: this.#tools?.length }, "MCP server connected");
    } else if (this.#state !== "closed") {
      this.#logger.warn(
        { server, status: this.#state, error: this.#lastError },
        "MCP server is not available",
      );
    }
  }

  #open(): McpConnection {
    const { settings } = this;
    const connection = this.#options.openConnection(settings, {
      onClose: (reason) => {
        this.#become("disconnected", { lastError: this.#explain(reason) });
        void connection.close();
      },
      onToolsChanged: () => this.#refresh.trigger(),
      onStderr: (line) => {
        this.#stderr.push(line);
        if (!settings.logStderr) return;
        this.#logger.info({ server: settings.name, line: this.#redact(line) }, "MCP server stderr");
      },
    });
    this.#connection = connection;
    return connection;
  }

  async #run(call: ToolCall): Promise<ToolCallOutcome> {
    const connection = this.#connection;
    if (this.#state !== "connected" || !connection) return { ok: false, error: this.unavailable() };
    const { settings, clock, maxResultBytes } = this.#options;
    const describeLoss = (reason: string) =>
      jobError(
        "server_unavailable",
        `Server "${settings.name}" gave no answer (${this.status}): ${this.#explain(reason)}`,
      );
    const environment: CallEnvironment = {
      settings,
      connection,
      clock,
      maxResultBytes,
      redact: (text) => this.#redact(text),
      describeLoss,
    };
    return await runCall(environment, call);
  }

  async #refreshTools(): Promise<void> {
    const connection = this.#connection;
    if (this.#state !== "connected" || !connection) return;
    try {
      const signal = AbortSignal.timeout(this.settings.connectTimeoutMs);
      const tools = await listTools(connection, signal, this.#warn);
      if (this.status !== "connected") return;
      this.#tools = tools;
      this.#options.onChange();
    } catch (error) {
      this.#warn(`the changed tools could not be listed: ${describeError(error)}`);
    }
  }

  readonly #warn = (warning: string): void => {
    this.#logger.warn({ server: this.settings.name, warning: this.#redact(warning) }, "MCP server warning");
  };

  #redact(text: string): string {
    return redact(text, this.settings.secrets);
  }

  #explain(reason: string): string {
    return this.#redact(this.#stderr.explain(reason));
  }
}
