import type { ContentBlock, ProblemDetailError } from "@millrace/contracts";
import type { Sampler } from "./questions/sampling.ts";
import { INTERNAL_ERROR } from "./wire/json-rpc.ts";

/** A tool as its server describes it, found fit for use. The schema objects stay the same until the next listing. */
export interface ServerTool {
  readonly name: string;
  readonly description: string | null;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema: Readonly<Record<string, unknown>> | null;
  readonly annotations: Readonly<Record<string, unknown>> | null;
}

/** A tool that a server lists and that cannot be used, by its name, or by its place where it has none. */
export interface LeftOutTool {
  readonly tool: string;
  readonly reason: string;
}

export interface ToolListing {
  readonly tools: readonly ServerTool[];
  readonly leftOut: readonly LeftOutTool[];
  /** What is wrong with the list, in words that name the tool and the reason. */
  readonly warnings: readonly string[];
  /** How long the server says that its list is good, in milliseconds; null when it does not say. */
  readonly ttlMs: number | null;
}

/** A resource as its server lists it. What a server leaves out is null; a resource without a name has its URI for one. */
export interface ServerResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly mimeType: string | null;
}

/** A family of resources: `uriTemplate` is a URI template of RFC 6570. */
export interface ServerResourceTemplate {
  readonly uriTemplate: string;
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly mimeType: string | null;
}

interface PromptArgument {
  readonly name: string;
  readonly description: string | null;
  readonly required: boolean;
}

export interface ServerPrompt {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly arguments: readonly PromptArgument[];
}

/** One part of a resource: text, or bytes in base64. */
export type ResourceContents =
  | { readonly uri: string; readonly mimeType: string | null; readonly text: string }
  | { readonly uri: string; readonly mimeType: string | null; readonly blob: string };

/** A prompt with its arguments filled in. */
export interface PromptContents {
  readonly description: string | null;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly content: ContentBlock }[];
}

/** Asks for values of one argument of a prompt, or one variable of a resource template. */
export interface CompletionRequest {
  readonly of:
    | { readonly type: "prompt"; readonly name: string }
    | { readonly type: "resource"; readonly uriTemplate: string };
  /** The argument and what of its value is there so far. */
  readonly argument: { readonly name: string; readonly value: string };
  /** The arguments that are known already. */
  readonly known: Readonly<Record<string, string>>;
}

export interface Completion {
  readonly values: readonly string[];
  /** How many there are in all; null when the server does not say. */
  readonly total: number | null;
  readonly hasMore: boolean;
}

/** A server's answer to a call, before we add anything to it. */
export interface ServerToolResult {
  readonly content: ContentBlock[];
  readonly structuredContent: Record<string, unknown> | null;
  readonly isError: boolean;
  /** What of it could not be kept in its place, and where it is instead. */
  readonly misfits: readonly ProblemDetailError[];
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
  /** W3C trace context of the caller, put into the call's `_meta` (MCP specification, "Trace context"). */
  traceparent?: string | undefined;
  /**
   * How long the tool may be silent, in milliseconds. A call for which nobody waits any more counts as going on until
   * then. Default: until the connection ends.
   */
  silenceMs?: number | undefined;
  /** Answers when the tool asks for a model, where the server's settings allow it to; without, it is refused. */
  sample?: Sampler | undefined;
}

export interface McpConnectionEvents {
  /** An established connection broke without `close()` having been called. At most once. */
  onClose: (reason: string) => void;
  onToolsChanged: () => void;
  /** Resources or resource templates. */
  onResourcesChanged: () => void;
  onPromptsChanged: () => void;
  /** Something of the server's that is wrong and was left out of a list of resources, templates or prompts. */
  onWarning: (warning: string) => void;
  /** A line that a stdio server wrote to stderr. May come before `connect()` has resolved. */
  onStderr: (line: string) => void;
}

/**
 * One connection to one server, for one life: a new attempt takes a new connection.
 *
 * The seam between the host and a protocol driver: nothing here knows an SDK or a protocol version.
 * Requests throw `RequestRejectedError` when the server answered with an error, `ConnectionLostError` when no
 * answer can come any more (`NeedsAuthError` when the server wants to know who asks), `NotRunError` when the request has
 * certainly not run (`SessionLostError` when nothing will any more), and the signal's reason when it aborted. A list is
 * empty when the server does not offer such things.
 */
export interface McpConnection {
  /** How many messages have arrived so far: whether it grows says whether the server is heard of. */
  readonly heard: number;
  /** Starts or reaches the server and shakes hands. Also after a failure, `close()` must be called. */
  connect(signal: AbortSignal): Promise<void>;
  /** Ends the session, and a stdio server's whole process group. Safe at any time, and twice. */
  close(): Promise<void>;
  /** All tools of all pages. */
  listTools(signal: AbortSignal): Promise<ToolListing>;
  /** All resources of all pages; what cannot be used is left out with `onWarning`. So are the two lists below. */
  listResources(signal: AbortSignal): Promise<ServerResource[]>;
  listResourceTemplates(signal: AbortSignal): Promise<ServerResourceTemplate[]>;
  listPrompts(signal: AbortSignal): Promise<ServerPrompt[]>;
  readResource(uri: string, signal: AbortSignal): Promise<ResourceContents[]>;
  getPrompt(
    name: string,
    promptArguments: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<PromptContents>;
  /** Values that the server proposes. It refuses (`RequestRejectedError`) when it completes nothing. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
  callTool(
    name: string,
    toolArguments: Record<string, unknown>,
    options: ToolCallOptions,
  ): Promise<ServerToolResult>;
  /** Resolves when the server answers. */
  ping(signal: AbortSignal): Promise<void>;
}

/** JSON-RPC error code of a server that speaks other protocol versions (MCP specification 2026-07-28). */
export const UNSUPPORTED_PROTOCOL_VERSION = -32_022;

/** The server answered a request with a protocol error, or with something that is no answer to it. */
export class RequestRejectedError extends Error {
  override readonly name: string = "RequestRejectedError";
  /** JSON-RPC error code. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Refused by us: what the server asked for before it answers. The server is told so. */
export class QuestionRefusedError extends RequestRejectedError {}

/** The request may or may not have reached the server; no answer will come. */
export class ConnectionLostError extends Error {
  override readonly name: string = "ConnectionLostError";
}

/** An HTTP status came in place of an answer, from the server or a gateway before it. */
export class HttpFailureError extends ConnectionLostError {
  override readonly name = "HttpFailureError";
}

/** The server's answer is larger than any that is read: the request has run. */
export class AnswerTooLargeError extends RequestRejectedError {
  constructor(message: string) {
    super(INTERNAL_ERROR, message);
  }
}

/** It turned the request away because it has too much to do: later it may take the same one. */
export class ServerBusyError extends RequestRejectedError {}

/**
 * The request has certainly not run: nothing of it could be sent. It may be sent again. What runs on the same connection
 * may go on: over HTTP each request has a socket of its own.
 */
export class NotRunError extends Error {
  override readonly name: string = "NotRunError";
}

/** Nothing will be answered on this connection any more: the server has forgotten the session, or reads nothing. */
export class SessionLostError extends NotRunError {
  override readonly name = "SessionLostError";
}

/** Nobody can connect before the configuration gives (other) credentials: the message says which kind. */
export class NeedsAuthError extends ConnectionLostError {
  override readonly name = "NeedsAuthError";
}

/** Somebody has answered over HTTP, and not the request. */
export function isStatus(error: unknown): boolean {
  return error instanceof HttpFailureError || error instanceof NeedsAuthError;
}

/** It has not left this process. */
export function isUnsent(error: unknown): boolean {
  return error instanceof NotRunError && !(error instanceof SessionLostError);
}
