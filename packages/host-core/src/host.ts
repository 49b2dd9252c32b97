import {
  checkToolArguments,
  jobError,
  type ApprovalPolicy,
  type ServerReport,
  type Tool,
  type ToolResolution,
} from "@millrace/contracts";
import { abortable } from "./abortable.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { systemClock, type Clock } from "./clock.ts";
import { policyOf } from "./config/approval-rules.ts";
import type { ServerSettings } from "./config/server-settings.ts";
import type { ToolProgress } from "./connection/connection.ts";
import { SdkConnection } from "./connection/sdk/sdk-connection.ts";
import type { Logger } from "./logger.ts";
import type { ProcessGuard } from "./process/process-guard.ts";
import type { StopListener, ToolCallOutcome } from "./server/run-call.ts";
import { WarmServer, type OpenConnection } from "./server/warm-server.ts";
import { settlesWithin } from "./settles-within.ts";

const DEFAULT_MAX_RESULT_BYTES = 8 * 1024 * 1024;

export interface HostOptions {
  servers: readonly ServerSettings[];
  logger: Logger;
  clock?: Clock;
  /** Told of every stdio server's process group, so that none outlives this process. */
  processGuard?: Pick<ProcessGuard, "add" | "remove">;
  /** Largest result that a call returns, in bytes of its JSON. Default 8 MiB. */
  maxResultBytes?: number;
}

export interface ToolCallRequest {
  /** May be left out when `tool` alone says which: a unified name, or a name that only one server has. */
  server?: string | undefined;
  tool: string;
  arguments: Record<string, unknown>;
  signal: AbortSignal;
  onProgress?: ((progress: ToolProgress) => void) | undefined;
  /** Called when the call has to wait for a place on its server, and when it has got one. */
  onWaiting?: (() => void) | undefined;
  onRunning?: (() => void) | undefined;
  /** Asks for proof that the server gave in to a cancelling: see `StopListener`. */
  onStopping?: StopListener | undefined;
}

/** The MCP servers of one process, kept connected. One that fails never affects the others. */
export interface Host extends AsyncDisposable {
  /** Begins to connect every server, all at once, and returns. A second call does nothing. */
  start(): void;
  /** Resolves when every server has connected or failed, or after `timeoutMs`. */
  whenWarm(timeoutMs: number): Promise<void>;
  /** What there is to tell of every server, in the order of the configuration. */
  reports(): ServerReport[];
  /** The tools of all connected servers, in an order that does not change with time. */
  tools(): Tool[];
  /**
   * What the configuration says of a tool. `always` when its server is not, or no longer, configured: it cannot be
   * called, and a call that may reach another server of that name by then must not slip through.
   */
  approvalPolicy(tool: Tool): ApprovalPolicy;
  /** The tool that a call would run. Waits for servers that are still connecting, where it depends on them. */
  resolveTool(request: Pick<ToolCallRequest, "server" | "tool" | "signal">): Promise<ToolResolution>;
  /** Calls `listener` after every change of a report. Returns what takes it off again. */
  onChange(listener: () => void): () => void;
  /**
   * Runs a tool; expected failures are data. A call for a server that is still connecting waits for it.
   * Rejects with the reason of `signal`, at once, when it aborts; the server is told.
   */
  callTool(request: ToolCallRequest): Promise<ToolCallOutcome>;
  /** Ends every connection and every server process. Safe before `start()`, and twice. */
  close(): Promise<void>;
}

class McpHost implements Host {
  readonly #servers: ReadonlyMap<string, WarmServer>;
  readonly #listeners = new Set<() => void>();
  /** Made when it is asked for; null after a change. */
  #catalogue: Catalogue | null = null;
  #hasStarted = false;
  #closing: Promise<void> | null = null;

  constructor({ servers, logger, clock = systemClock, processGuard, maxResultBytes }: HostOptions) {
    const openConnection: OpenConnection = ({ transport }, events) =>
      new SdkConnection({ transport, events, processGuard, logger });
    const shared = {
      openConnection,
      logger,
      clock,
      maxResultBytes: maxResultBytes ?? DEFAULT_MAX_RESULT_BYTES,
      onChange: () => this.#announceChange(),
    };
    this.#servers = new Map(
      servers.map((settings) => [settings.name, new WarmServer({ ...shared, settings })]),
    );
  }

  start(): void {
    if (this.#hasStarted || this.#closing) return;
    this.#hasStarted = true;
    for (const server of this.#servers.values()) void server.start();
  }

  async whenWarm(timeoutMs: number): Promise<void> {
    await settlesWithin(this.#settled(this.#servers.keys()), timeoutMs);
  }

  reports(): ServerReport[] {
    const catalogue = this.#currentCatalogue();
    return [...this.#servers.values()].map(({ settings, status, lastError, resources }) => ({
      name: settings.name,
      display_name: settings.displayName,
      description: settings.description,
      transport_type: settings.transport.type,
      status,
      last_error: lastError,
      tools: [...catalogue.toolsOf(settings.name)],
      resources: [...resources],
    }));
  }

  tools(): Tool[] {
    return [...this.#currentCatalogue().tools];
  }

  approvalPolicy({ server_name, tool_name }: Tool): ApprovalPolicy {
    const settings = this.#servers.get(server_name)?.settings;
    return settings ? policyOf(settings.approval, tool_name) : "always";
  }

  async resolveTool({
    server,
    tool,
    signal,
  }: Pick<ToolCallRequest, "server" | "tool" | "signal">): Promise<ToolResolution> {
    const first = this.#currentCatalogue().resolve(server, tool);
    const waitFor = first.ok ? (first.tool ? [] : [first.server]) : first.waitFor;
    if (waitFor.length === 0) return first;
    await abortable(this.#settled(waitFor), signal);
    return this.#currentCatalogue().resolve(server, tool);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async callTool(request: ToolCallRequest): Promise<ToolCallOutcome> {
    request.signal.throwIfAborted();
    const target = await this.resolveTool(request);
    if (!target.ok) return { ok: false, error: target.error };

    const { tool, toolName } = target;
    const server = this.#serverNamed(target.server);
    if (!tool) return { ok: false, error: server.unavailable() };

    const errors = checkToolArguments(tool.parameters, request.arguments);
    if (errors.length > 0) {
      const message = `The arguments do not fit the schema of tool "${toolName}" of server "${server.settings.name}".`;
      return { ok: false, error: jobError("invalid_arguments", message, errors) };
    }
    const { signal, onProgress, onWaiting, onRunning, onStopping } = request;
    const listeners = { onProgress, onWaiting, onRunning, onStopping };
    return await server.call({ toolName, arguments: request.arguments, signal, ...listeners });
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeServers();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeServers(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }

  async #settled(names: Iterable<string>): Promise<void> {
    await Promise.all([...names].map((name) => this.#serverNamed(name).settled));
  }

  #serverNamed(name: string): WarmServer {
    const server = this.#servers.get(name);
    if (!server) throw new Error(`the catalogue names a server that the host does not have: ${name}`);
    return server;
  }

  #currentCatalogue(): Catalogue {
    this.#catalogue ??= new Catalogue(
      [...this.#servers.values()].map(({ settings, tools, status }) => ({
        server: settings.name,
        tools,
        connecting: status === "connecting",
      })),
    );
    return this.#catalogue;
  }

  #announceChange(): void {
    this.#catalogue = null;
    for (const listener of this.#listeners) listener();
  }
}

/** Makes a host that has not started. The caller ends it with `close()` or `await using`. */
export function createHost(options: HostOptions): Host {
  return new McpHost(options);
}
