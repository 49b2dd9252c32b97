import { jobError, type JobError, type ServerStatus } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import { redact } from "../config/secrets.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type {
  Completion,
  CompletionRequest,
  LeftOutTool,
  PromptContents,
  ResourceContents,
  ServerPrompt,
  ServerResource,
  ServerResourceTemplate,
  ServerTool,
} from "../connection/connection.ts";
import type { Logger } from "../logger.ts";
import { ConnectionGroup } from "./connection-group.ts";
import type { OpenConnection } from "./connection-attempt.ts";
import type { Offers } from "./list-offers.ts";
import { Listings } from "./listings.ts";
import type { ToolCall, ToolCallOutcome } from "./run-call.ts";
import { RequestDispatcher, type Retired } from "./request-dispatcher.ts";
import type { Slots } from "./slots.ts";

export interface WarmServerOptions {
  settings: ServerSettings;
  openConnection: OpenConnection;
  logger: Logger;
  clock: Clock;
  /** In [0, 1); spreads the attempts to reconnect. Default `Math.random`. */
  random?: (() => number) | undefined;
  /** Places for calls, of all servers of the host together. */
  hostCalls: Slots;
  /** The status, the error, the settings or what is offered is not what it was. */
  onChange: () => void;
}

/** What the last `onChange` told of. */
type Told = readonly [ServerStatus, string | null, Offers | null, readonly LeftOutTool[]];

/**
 * One configured server, kept connected so that a call finds it warm.
 *
 *     open ──▶ retiring ──▶ closed
 *       └─────────────────────┘
 *
 * - `open`: takes requests. Its connections, one or `instances` copies, come and go by themselves: their machine is
 *   written on `ConnectionKeeper`, and `status` is the best of theirs. A server whose configuration is wrong
 *   (`settings.problem`) is never connected.
 * - `retiring`: takes no new requests; those that run or wait for a slot finish.
 * - `closed`: nothing of it is left.
 *
 * What it offers stays known for five minutes after the last connection was lost, and as long as a lazy server rests.
 * For as long, a call waits for the connection to come back, and runs then. While it is not known, and no first attempt
 * runs, a call is refused at once. A call in flight on a connection that dies fails: it may have run.
 *
 * A lazy server connects at the start all the same, to say what it offers; after its idle timeout it rests, and the
 * next call connects it again.
 */
export class WarmServer {
  readonly #options: WarmServerOptions;
  readonly #listings: Listings;
  readonly #connections: ConnectionGroup;
  readonly #requests: RequestDispatcher;
  #settings: ServerSettings;
  #phase: "open" | "retiring" | "closed" = "open";
  #hasStarted = false;
  #retiring: Promise<void> | null = null;
  #told: Told = ["connecting", null, null, []];
  #settling = Promise.withResolvers<void>();

  constructor(options: WarmServerOptions) {
    const { logger, clock, openConnection, hostCalls, random = Math.random } = options;
    this.#options = options;
    this.#settings = options.settings;
    const shared = {
      clock,
      settings: () => this.#settings,
      redact: (text: string) => redact(text, this.#settings.secrets),
    };
    this.#listings = new Listings({
      ...shared,
      connection: () => this.#connections.leastBusy()?.connection ?? null,
      timeoutMs: () => this.#settings.connectTimeoutMs,
      warn: (warning) => logger.warn({ server: this.#settings.name, warning }, "MCP server warning"),
      onChange: () => this.#tell(),
    });
    this.#connections = new ConnectionGroup({
      ...shared,
      openConnection,
      logger,
      random,
      listings: this.#listings,
      onChange: () => this.#tell(),
    });
    this.#requests = new RequestDispatcher({
      ...shared,
      hostCalls,
      connections: this.#connections,
      isOpen: () => this.#phase === "open",
      mayComeBack: () =>
        this.#phase === "open" && (this.#listings.offers !== null || this.status === "connecting"),
      unavailable: () => this.unavailable(),
    });
  }

  get settings(): ServerSettings {
    return this.#settings;
  }

  get status(): ServerStatus {
    if (this.#phase === "closed") return "disconnected";
    return this.#problem === null ? this.#connections.status : "error";
  }

  /** Why it, or a copy of it, is not connected, with the first and last lines of its stderr; secrets are hidden. */
  get lastError(): string | null {
    return this.#problem ?? this.#connections.lastError;
  }

  /** Resolves once it is `connecting` no more. It may be so again, with another promise, when a copy is lost. */
  get settled(): Promise<void> {
    return this.#settling.promise;
  }

  /** Null while they are not known. */
  get tools(): readonly ServerTool[] | null {
    return this.#listings.offers?.tools ?? null;
  }

  /** What is listed and cannot be used, whatever the settings say. */
  get leftOutTools(): readonly LeftOutTool[] {
    return this.#listings.leftOut;
  }

  get resources(): readonly ServerResource[] {
    return this.#listings.offers?.resources ?? [];
  }

  get resourceTemplates(): readonly ServerResourceTemplate[] {
    return this.#listings.offers?.resourceTemplates ?? [];
  }

  get prompts(): readonly ServerPrompt[] {
    return this.#listings.offers?.prompts ?? [];
  }

  /** Begins to connect, for ever. Resolves when the first attempt is over; a failure is in `status` and `lastError`. */
  async start(): Promise<void> {
    if (this.#hasStarted || this.#phase !== "open") return;
    this.#hasStarted = true;
    const { problem, name } = this.#settings;
    if (problem === null) {
      await this.#connections.start();
      return;
    }
    this.#options.logger.warn(
      { server: name, status: "error", error: problem },
      "MCP server is not available",
    );
    this.#tell();
  }

  /** Takes over what needs no other connection: names, limits, rules. */
  update(settings: ServerSettings): void {
    this.#settings = settings;
    this.#requests.settingsChanged();
    this.#connections.settingsChanged();
    this.#options.onChange();
  }

  /**
   * Lists again what it offers, if it is connected. Never rejects: a list that fails stays as it was, with a warning.
   * A lazy server that rests stays at rest: it lists everything when it is connected next.
   */
  async refresh(): Promise<void> {
    await this.#listings.refresh();
  }

  /** Runs a call when a slot is free; `RETIRED` when it never will here. Rejects only with the reason of its signal. */
  call(call: ToolCall): Promise<ToolCallOutcome | Retired> {
    return this.#requests.call(call);
  }

  /**
   * This and the two below reject with `ConnectionLostError` when the server is away, `AnswerLostError` when it goes
   * meanwhile, `RequestTimeoutError` after its tool timeout, `RequestRejectedError`, and the signal's reason.
   */
  readResource(uri: string, signal: AbortSignal): Promise<ResourceContents[]> {
    return this.#requests.ask(signal, (connection, bounded) => connection.readResource(uri, bounded));
  }

  getPrompt(
    name: string,
    promptArguments: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<PromptContents> {
    return this.#requests.ask(signal, (connection, bounded) =>
      connection.getPrompt(name, promptArguments, bounded),
    );
  }

  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    return this.#requests.ask(signal, (connection, bounded) => connection.complete(request, bounded));
  }

  /** Why no call can run now. */
  unavailable(): JobError {
    const { name } = this.#settings;
    const reason = this.lastError ?? (this.#phase === "open" ? "it is being connected" : "it was closed");
    return jobError("server_unavailable", `Server "${name}" is not available (${this.status}): ${reason}`);
  }

  /** Takes no new requests, lets those that run or wait for a slot finish, and closes. */
  retire(): Promise<void> {
    this.#retiring ??= this.#drain();
    return this.#retiring;
  }

  /** Ends the connections, with what still runs on them, and the server's processes. */
  async close(): Promise<void> {
    this.#phase = "closed";
    this.#listings.stop();
    this.#tell();
    await this.#connections.close();
  }

  /** Shown once it was to be started. */
  get #problem(): string | null {
    return this.#hasStarted ? this.#settings.problem : null;
  }

  async #drain(): Promise<void> {
    if (this.#phase === "open") this.#phase = "retiring";
    this.#requests.connectionChanged();
    await this.#requests.whenIdle();
    await this.close();
  }

  /** Something may have changed: tells those whom it concerns. */
  #tell(): void {
    this.#requests.connectionChanged();
    const told: Told = [this.status, this.lastError, this.#listings.offers, this.#listings.leftOut];
    if (this.status !== "connecting") this.#settling.resolve();
    else if (this.#told[0] !== "connecting") this.#settling = Promise.withResolvers();
    if (told.every((part, index) => part === this.#told[index])) return;
    this.#told = told;
    this.#options.onChange();
  }
}
