import {
  checkToolArguments,
  jobError,
  type ApprovalPolicy,
  type JobError,
  type ServerReport,
  type Tool,
  type ToolResolution,
} from "@millrace/contracts";
import { abortable } from "./abortable.ts";
import { AdmittedEntries } from "./catalogue/admitted-entries.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { systemClock, type Clock } from "./clock.ts";
import { policyOf } from "./config/approval-rules.ts";
import type { ServerSettings } from "./config/server-settings.ts";
import type { ToolProgress } from "./connection/connection.ts";
import { createConnectionOpener } from "./connection/open-connection.ts";
import type { Logger } from "./logger.ts";
import type { ProcessGuard } from "./process/process-guard.ts";
import { readResource, type ResourceReading } from "./read-resource.ts";
import { reportServer } from "./report-server.ts";
import type { StopListener, ToolCallOutcome } from "./server/run-call.ts";
import { WarmServer } from "./server/warm-server.ts";
import { ServerPool, type ReloadReport } from "./server-pool.ts";
import { settlesWithin } from "./settles-within.ts";

const DEFAULT_MAX_RESULT_BYTES = 8 * 1024 * 1024;

/** How long a reload waits for new servers, in milliseconds. */
const RELOAD_WAIT_MS = 15_000;

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
  /** Resolves when every eager server has connected or failed, or after `timeoutMs`. */
  whenWarm(timeoutMs: number): Promise<void>;
  /** Names of the `required` servers that are not connected. */
  missing(): string[];
  /**
   * Changes to other settings: servers whose settings are the same keep their connection, and calls in flight finish
   * where they are. Resolves once new servers have connected or failed, or after `waitMs` (15 s); they go on trying.
   * One reload at a time, in the order of the calls.
   */
  reload(servers: readonly ServerSettings[], waitMs?: number): Promise<ReloadReport>;
  /** Lists again what a connected server offers, or all of them. Never rejects: a list that fails stays as it was. */
  refresh(server?: string): Promise<void>;
  /** Reads a resource until `signal` aborts; null when there is no such server. Never rejects. */
  readResource(server: string, uri: string, signal: AbortSignal): Promise<ResourceReading | null>;
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
  readonly #servers: ServerPool;
  readonly #listeners = new Set<() => void>();
  readonly #entries: AdmittedEntries;
  /** Made when it is asked for; null after a change. */
  #catalogue: Catalogue | null = null;

  constructor({ servers, logger, clock = systemClock, processGuard, maxResultBytes }: HostOptions) {
    this.#entries = new AdmittedEntries(logger);
    const shared = {
      openConnection: createConnectionOpener({ processGuard, logger }),
      logger,
      clock,
      maxResultBytes: maxResultBytes ?? DEFAULT_MAX_RESULT_BYTES,
      onChange: () => this.#announceChange(),
    };
    const create = (settings: ServerSettings) => new WarmServer({ ...shared, settings });
    this.#servers = new ServerPool({ servers, create, onChange: shared.onChange });
  }

  start(): void {
    this.#servers.start();
  }

  async whenWarm(timeoutMs: number): Promise<void> {
    const eager = this.#servers.all.filter(({ settings }) => settings.lifecycle === "eager");
    await settlesWithin(Promise.all(eager.map(({ settled }) => settled)), timeoutMs);
  }

  missing(): string[] {
    return this.#servers.all
      .filter(({ settings, status, lastError }) => {
        // Without an error it rests, as a lazy one may.
        const isAway = status !== "connected" && (status === "connecting" || lastError !== null);
        return settings.required && isAway;
      })
      .map(({ settings }) => settings.name);
  }

  reload(servers: readonly ServerSettings[], waitMs = RELOAD_WAIT_MS): Promise<ReloadReport> {
    return this.#servers.reload(servers, waitMs);
  }

  async refresh(name?: string): Promise<void> {
    const wanted = this.#servers.all.filter(({ settings }) => name === undefined || settings.name === name);
    await Promise.all(wanted.map((server) => server.refresh()));
  }

  async readResource(name: string, uri: string, signal: AbortSignal): Promise<ResourceReading | null> {
    const server = this.#servers.get(name);
    return server ? await readResource(server, uri, signal) : null;
  }

  reports(): ServerReport[] {
    const catalogue = this.#currentCatalogue();
    return this.#servers.all.map((server) => reportServer(server, catalogue.toolsOf(server.settings.name)));
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
    for (;;) {
      const resolution = this.#currentCatalogue().resolve(server, tool);
      const names = resolution.ok ? (resolution.tool ? [] : [resolution.server]) : resolution.waitFor;
      const connecting = names.flatMap((name) => {
        const found = this.#servers.get(name);
        return found?.status === "connecting" ? [found.settled] : [];
      });
      if (connecting.length === 0) return resolution;
      // A reload may have put other servers in their place meanwhile: then it waits for those.
      await abortable(Promise.all(connecting), signal);
    }
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
    const server = this.#servers.get(target.server);
    // A reload took it away since.
    if (!server) return await this.callTool(request);
    if (!tool) return { ok: false, error: server.unavailable() };

    const errors = checkToolArguments(tool.parameters, request.arguments);
    if (errors.length > 0) {
      const message = `The arguments do not fit the schema of tool "${toolName}" of server "${server.settings.name}".`;
      return { ok: false, error: jobError("invalid_arguments", message, errors) };
    }
    const { signal, onProgress, onWaiting, onRunning, onStopping } = request;
    const listeners = { onProgress, onWaiting, onRunning, onStopping };
    const findRefusal = () => this.#findRefusal(target.server, toolName);
    const outputSchema = tool.output_schema;
    const given = { toolName, arguments: request.arguments, outputSchema, findRefusal };
    return await server.call({ ...given, signal, ...listeners });
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A call may have waited while its server's tools or settings changed. The catalogue learns of that a little later. */
  #findRefusal(serverName: string, toolName: string): JobError | null {
    const server = this.#servers.get(serverName);
    const reason = server && this.#entries.of(server).withheld.get(toolName);
    return reason === undefined ? null : jobError("unknown_tool", reason);
  }

  #currentCatalogue(): Catalogue {
    this.#catalogue ??= new Catalogue(this.#servers.all.map((server) => this.#entries.of(server)));
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
