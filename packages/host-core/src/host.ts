import type { ApprovalPolicy, ServerReport, Tool, ToolResolution } from "@millrace/contracts";
import type { Clock } from "./clock.ts";
import type { ServerSettings } from "./config/server-settings.ts";
import type {
  Completion,
  CompletionRequest,
  PromptContents,
  ResourceContents,
} from "./connection/connection.ts";
import type { Logger } from "./logger.ts";
import type { ProcessGuard } from "./process/process-guard.ts";
import type { Reading } from "./read-from-server.ts";
import type { ToolCallOutcome } from "./server/run-call.ts";
import type { ReloadReport } from "./server-pool.ts";
import type { ToolCallRequest, ToolQuestion } from "./tool-call-request.ts";

export interface HostOptions {
  /** Each with a name of its own. */
  servers: readonly ServerSettings[];
  logger: Logger;
  clock?: Clock;
  /** Told of every stdio server's process group, so that none outlives this process. */
  processGuard?: Pick<ProcessGuard, "add" | "remove">;
}

/** The MCP servers of one process, kept connected. One that fails never affects the others. */
export interface Host extends AsyncDisposable {
  /** Begins to connect every server, all at once, and returns. A second call does nothing. */
  start(): void;
  /** Resolves when every eager server has connected or failed, or after `timeoutMs`. */
  whenWarm(timeoutMs: number): Promise<void>;
  /**
   * Resolves when none of these servers, or of all, is in its first attempt to connect any more. Rejects with the reason
   * of `signal` when it aborts.
   */
  whenSettled(servers: readonly string[] | undefined, signal: AbortSignal): Promise<void>;
  /** Names of the `required` servers that are not connected. */
  missing(): string[];
  /**
   * Changes to other settings: servers whose settings are the same keep their connection, and calls in flight finish
   * where they are. Resolves once new servers have connected or failed, or after `waitMs` (15 s); they go on trying.
   * One reload at a time, in the order of the calls. Rejects, and changes nothing, when two servers have one name.
   */
  reload(servers: readonly ServerSettings[], waitMs?: number): Promise<ReloadReport>;
  /** Lists again what a connected server offers, or all of them. Never rejects: a list that fails stays as it was. */
  refresh(server?: string): Promise<void>;
  /**
   * Reads a resource until `signal` aborts; null when there is no such server. Never rejects, and neither do the two
   * below.
   */
  readResource(
    server: string,
    uri: string,
    signal: AbortSignal,
  ): Promise<Reading<readonly ResourceContents[]> | null>;
  /** A prompt with its arguments filled in. */
  getPrompt(
    server: string,
    prompt: string,
    promptArguments: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reading<PromptContents> | null>;
  /** What the server proposes for an argument of a prompt, or a variable of a resource template. */
  complete(
    server: string,
    request: CompletionRequest,
    signal: AbortSignal,
  ): Promise<Reading<Completion> | null>;
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
  resolveTool(request: ToolQuestion): Promise<ToolResolution>;
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
