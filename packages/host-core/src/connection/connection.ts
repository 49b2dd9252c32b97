import type { ContentBlock } from "@millrace/contracts";

/** A tool as its server describes it, found fit for use. The schema objects stay the same until the next listing. */
export interface ServerTool {
  readonly name: string;
  readonly description: string | null;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema: Readonly<Record<string, unknown>> | null;
  readonly annotations: Readonly<Record<string, unknown>> | null;
}

export interface ToolListing {
  readonly tools: readonly ServerTool[];
  /** What was left out, in words that name the tool and the reason. */
  readonly warnings: readonly string[];
}

/** A server's answer to a call, before we add anything to it. */
export interface ServerToolResult {
  readonly content: ContentBlock[];
  readonly structuredContent: Record<string, unknown> | null;
  readonly isError: boolean;
}

/** One `notifications/progress` (MCP specification, "Progress"). */
export interface ToolProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface ToolCallOptions {
  /** Aborting rejects at once and tells the server with `notifications/cancelled`. */
  signal: AbortSignal;
  onProgress?: ((progress: ToolProgress) => void) | undefined;
  /**
   * Called before the rejection, when the abort met a call that had been sent. `watch`, called at once, begins to
   * watch the server and says whether it gave in (see `StopProof`).
   */
  onAborted?: ((watch: () => Promise<boolean>) => void) | undefined;
}

export interface McpConnectionEvents {
  /** An established connection broke without `close()` having been called. At most once. */
  onClose: (reason: string) => void;
  onToolsChanged: () => void;
  /** A line that a stdio server wrote to stderr. May come before `connect()` has resolved. */
  onStderr: (line: string) => void;
}

/**
 * One connection to one server, for one life: a new attempt takes a new connection.
 *
 * The seam between the host and a protocol driver: nothing here knows an SDK or a protocol version.
 * Requests throw `RequestRejectedError` when the server answered with an error, `ConnectionLostError` when no
 * answer can come any more, and the signal's reason when it aborted.
 */
export interface McpConnection {
  /** Starts or reaches the server and shakes hands. Also after a failure, `close()` must be called. */
  connect(signal: AbortSignal): Promise<void>;
  /** Ends the session, and a stdio server's whole process group. Safe at any time, and twice. */
  close(): Promise<void>;
  /** All tools of all pages. */
  listTools(signal: AbortSignal): Promise<ToolListing>;
  /** URIs of all resources of all pages. */
  listResources(signal: AbortSignal): Promise<string[]>;
  callTool(
    name: string,
    toolArguments: Record<string, unknown>,
    options: ToolCallOptions,
  ): Promise<ServerToolResult>;
  /** Resolves when the server answers. */
  ping(signal: AbortSignal): Promise<void>;
}

/** The server answered a request with a protocol error, or with something that is no answer to it. */
export class RequestRejectedError extends Error {
  override readonly name = "RequestRejectedError";
  /** JSON-RPC error code. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The request may or may not have reached the server; no answer will come. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}
