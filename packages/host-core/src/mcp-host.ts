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
import { systemClock } from "./clock.ts";
import { policyOf } from "./config/approval-rules.ts";
import type { ServerSettings } from "./config/server-settings.ts";
import type { CompletionRequest } from "./connection/connection.ts";
import { createConnectionOpener } from "./connection/open-connection.ts";
import { describeError } from "./describe-error.ts";
import type { Host, HostOptions } from "./host.ts";
import type { Logger } from "./logger.ts";
import { readFromServer } from "./read-from-server.ts";
import { reportServer } from "./report-server.ts";
import { RETIRED } from "./server/request-dispatcher.ts";
import type { ToolCallOutcome } from "./server/run-call.ts";
import { Slots } from "./server/slots.ts";
import { WarmServer } from "./server/warm-server.ts";
import { ServerPool, type ReloadReport } from "./server-pool.ts";
import { settlesWithin } from "./settles-within.ts";
import type { ToolCallRequest, ToolQuestion } from "./tool-call-request.ts";

/** What runs at once on all servers: far more than they should need, so that no settings can exhaust the process. */
const CALLS_MAX = 1_000;

/** How long a reload waits for new servers, in milliseconds. */
const RELOAD_WAIT_MS = 15_000;

class McpHost implements Host {
  readonly #servers: ServerPool;
  readonly #listeners = new Set<() => void>();
  readonly #entries: AdmittedEntries;
  readonly #logger: Logger;
  /** Made when it is asked for; null after a change. */
  #catalogue: Catalogue | null = null;

  constructor({ servers, logger, clock = systemClock, processGuard }: HostOptions) {
    this.#logger = logger;
    this.#entries = new AdmittedEntries(logger);
    const shared = {
      openConnection: createConnectionOpener({ processGuard, logger }),
      logger,
      clock,
      hostCalls: new Slots(CALLS_MAX),
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

  async whenSettled(names: readonly string[] | undefined, signal: AbortSignal): Promise<void> {
    const connecting = this.#servers.all.filter(
      ({ settings, status }) => status === "connecting" && (names?.includes(settings.name) ?? true),
    );
    await abortable(Promise.all(connecting.map(({ settled }) => settled)), signal);
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

  async readResource(name: string, uri: string, signal: AbortSignal) {
    const server = this.#servers.get(name);
    const read = (from: WarmServer) => from.readResource(uri, signal);
    return server ? await readFromServer(server, { what: `resource "${uri}"`, signal, read }) : null;
  }

  async getPrompt(
    name: string,
    prompt: string,
    given: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) {
    const server = this.#servers.get(name);
    const read = (from: WarmServer) => from.getPrompt(prompt, given, signal);
    return server ? await readFromServer(server, { what: `prompt "${prompt}"`, signal, read }) : null;
  }

  async complete(name: string, request: CompletionRequest, signal: AbortSignal) {
    const server = this.#servers.get(name);
    const read = (from: WarmServer) => from.complete(request, signal);
    return server ? await readFromServer(server, { what: "completion", signal, read }) : null;
  }

  reports(): ServerReport[] {
    const catalogue = this.#currentCatalogue();
    return this.#servers.all.map((server) => {
      const tools = catalogue.toolsOf(server.settings.name);
      return reportServer(server, tools, this.#entries.of(server).withheld);
    });
  }

  tools(): Tool[] {
    return [...this.#currentCatalogue().tools];
  }

  approvalPolicy({ server_name, tool_name }: Tool): ApprovalPolicy {
    const settings = this.#servers.get(server_name)?.settings;
    return settings ? policyOf(settings.approval, tool_name) : "always";
  }

  async resolveTool({ server, tool, signal, onWaiting }: ToolQuestion): Promise<ToolResolution> {
    for (;;) {
      const resolution = this.#currentCatalogue().resolve(server, tool);
      const names = resolution.ok ? (resolution.tool ? [] : [resolution.server]) : resolution.waitFor;
      const connecting = names.flatMap((name) => {
        const found = this.#servers.get(name);
        return found?.status === "connecting" ? [found.settled] : [];
      });
      if (connecting.length === 0) return resolution;
      onWaiting?.("server");
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
    const { signal, caller, traceparent, sample, onProgress, onWaiting, onRunning, onStopping } = request;
    const listeners = { onProgress, onWaiting, onRunning, onStopping };
    const findRefusal = () => this.#findRefusal(tool) ?? this.#askForRefusal(request, tool);
    const outputSchema = tool.output_schema;
    const given = { toolName, arguments: request.arguments, outputSchema, findRefusal, traceparent, sample };
    const outcome = await server.call({ ...given, signal, caller, ...listeners });
    if (outcome !== RETIRED) return outcome;
    // It waited for a connection when a reload put another server in the place of this one, which is closing otherwise.
    const hasSuccessor = this.#servers.get(target.server) !== server;
    return hasSuccessor ? await this.callTool(request) : { ok: false, error: server.unavailable() };
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A call may have waited while its server's tools or settings changed. The catalogue learns of that a little later. */
  #findRefusal({ server_name, tool_name }: Tool): JobError | null {
    const server = this.#servers.get(server_name);
    const reason = server && this.#entries.whyWithheld(server, tool_name);
    return reason === undefined ? null : jobError("unknown_tool", reason);
  }

  /** A tool may call itself harmless no longer. One that its server has no longer says nothing of itself. */
  #askForRefusal({ findRefusal }: ToolCallRequest, tool: Tool): JobError | null {
    if (!findRefusal) return null;
    const listed = this.#servers.get(tool.server_name)?.tools;
    const annotations = listed?.find(({ name }) => name === tool.tool_name)?.annotations ?? null;
    return findRefusal({ ...tool, annotations });
  }

  #currentCatalogue(): Catalogue {
    this.#catalogue ??= new Catalogue(this.#servers.all.map((server) => this.#entries.of(server)));
    return this.#catalogue;
  }

  #announceChange(): void {
    this.#catalogue = null;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // A caller's bug must not keep servers from being closed.
        this.#logger.error({ error: describeError(error) }, "a listener for changes of the host failed");
      }
    }
  }
}

/** Makes a host that has not started. The caller ends it with `close()` or `await using`. */
export function createHost(options: HostOptions): Host {
  return new McpHost(options);
}
