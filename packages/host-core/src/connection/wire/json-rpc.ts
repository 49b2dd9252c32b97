/** JSON-RPC 2.0, "Error object". */
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
export const INTERNAL_ERROR = -32_603;
/** MCP specification, "Sampling": what a user who refuses is answered with. */
export const USER_REFUSED = -1;

/** Far above any result that a job may keep, so that one is refused on its own and not with its connection. */
export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
export const MESSAGE_TOO_LARGE = `the server sent a message of more than ${MESSAGE_BYTES_MAX / 1024 / 1024} MiB`;

/** JSON-RPC 2.0, "Request object": `id`. */
export type RequestId = string | number;

/** As much of a JSON-RPC message as is looked at outside of the SDKs; a request, a notification or an answer. */
export interface JsonRpcMessage {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

/** What both SDKs call a transport, without what is peculiar to one of them: each life has one. */
export interface MessageTransport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JsonRpcMessage) => void) | undefined;
  start(): Promise<void>;
  send(message: JsonRpcMessage): Promise<void>;
  close(): Promise<void>;
}
