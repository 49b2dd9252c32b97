import { once } from "node:events";
import { WebSocket, type Agent } from "undici";
import { settlesWithin } from "../../settles-within.ts";
import { MESSAGE_TOO_LARGE, type JsonRpcMessage, type MessageTransport } from "./json-rpc.ts";
import { readMessages } from "./read-messages.ts";

const SUBPROTOCOL = "mcp";
/** How long the other side's closing frame is waited for. If none comes, the socket ends with the agent. */
const CLOSE_GRACE_MS = 1_000;
/** RFC 6455, section 7.4.1: no closing frame has come. Undici says so too when it refuses a message for its size. */
const ABNORMAL_CLOSURE = 1006;

/** The way to the server; a `RemoteAccess` is one. */
interface WebSocketAccess {
  readonly url: URL;
  readonly agent: Agent;
  /** What the handshake sends. */
  handshakeHeaders(): Promise<Record<string, string>>;
  /** Why the last attempt to connect failed below HTTP; null when it did not. */
  connectError(): Error | null;
  /** Asks why the handshake was refused; null when that cannot be found out. Never rejects. */
  findRefusal(): Promise<Error | null>;
}

function describeClose(code: number, reason: string): string {
  const why = code === ABNORMAL_CLOSURE ? `it broke off, or ${MESSAGE_TOO_LARGE}` : reason;
  return `the WebSocket was closed with code ${code}${why ? `: ${why}` : ""}`;
}

/**
 * MCP over a WebSocket: one JSON-RPC message in each text frame. The SDK's own transport sends no headers,
 * and so cannot authenticate; undici's WebSocket takes them as an extension of the standard constructor.
 */
export class WebSocketTransport implements MessageTransport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JsonRpcMessage) => void) | undefined;
  /** Why the socket was closed; null while it is open, and when it never was. */
  closeReason: string | null = null;
  readonly #access: WebSocketAccess;
  #socket: WebSocket | null = null;

  constructor(access: WebSocketAccess) {
    this.#access = access;
  }

  async start(): Promise<void> {
    const access = this.#access;
    const { url } = access;
    const socket = new WebSocket(url, {
      protocols: [SUBPROTOCOL],
      headers: await access.handshakeHeaders(),
      dispatcher: access.agent,
    });
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    const opened = Promise.withResolvers<void>();
    let wasOpen = false;
    socket.addEventListener("open", () => {
      wasOpen = true;
      opened.resolve();
    });
    const where = `could not open a WebSocket to ${url.origin}${url.pathname}`;
    // The standard tells a client nothing of why a handshake failed.
    const unexplained = "check that the server runs, the path, and what it asks for in headers";
    const refused = () => new Error(`${where}: ${access.connectError()?.message ?? unexplained}`);
    socket.addEventListener("error", () => opened.reject(refused()));
    socket.addEventListener("close", ({ code, reason }) => {
      opened.reject(refused());
      if (wasOpen) this.closeReason = describeClose(code, reason);
      this.onclose?.();
    });
    try {
      await opened.promise;
    } catch (error) {
      throw (access.connectError() === null ? await access.findRefusal() : null) ?? error;
    }
  }

  async send(message: JsonRpcMessage): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new Error("the WebSocket is not open");
    this.#socket.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    const closed = once(socket, "close");
    socket.close();
    await settlesWithin(closed, CLOSE_GRACE_MS);
  }

  #receive(data: unknown): void {
    let messages: JsonRpcMessage[];
    try {
      const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data);
      messages = readMessages(text);
    } catch (error) {
      this.onerror?.(new Error("a WebSocket frame holds no MCP message", { cause: error }));
      return;
    }
    for (const message of messages) this.onmessage?.(message);
  }
}
