import { once } from "node:events";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { JSONRPCMessageSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { settlesWithin } from "../../settles-within.ts";

const SUBPROTOCOL = "mcp";
/** For the other side's closing frame. */
const CLOSE_GRACE_MS = 1_000;

/**
 * MCP over a WebSocket: one JSON-RPC message in each text frame. The SDK's own transport sends no headers,
 * and so cannot authenticate; Node's WebSocket takes them as an extension of the standard constructor.
 */
export class WebSocketTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JSONRPCMessage) => void) | undefined;
  /** Why the socket was closed; null while it is open, and when it never was. */
  closeReason: string | null = null;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  #socket: WebSocket | null = null;

  constructor(url: URL, headers: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#headers = headers;
  }

  async start(): Promise<void> {
    const socket = new WebSocket(this.#url, { protocols: [SUBPROTOCOL], headers: { ...this.#headers } });
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    const opened = Promise.withResolvers<void>();
    let wasOpen = false;
    socket.addEventListener("open", () => {
      wasOpen = true;
      opened.resolve();
    });
    // The standard tells a client nothing of why a WebSocket failed.
    const refused = `could not open a WebSocket to ${this.#url.origin}${this.#url.pathname}: check that the server runs, the path, and what it asks for in headers`;
    socket.addEventListener("error", () => opened.reject(new Error(refused)));
    socket.addEventListener("close", ({ code, reason }) => {
      opened.reject(new Error(refused));
      if (wasOpen)
        this.closeReason = `the WebSocket was closed with code ${code}${reason ? `: ${reason}` : ""}`;
      this.onclose?.();
    });
    await opened.promise;
  }

  async send(message: JSONRPCMessage): Promise<void> {
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
    let message: JSONRPCMessage;
    try {
      const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data);
      message = JSONRPCMessageSchema.parse(JSON.parse(text));
    } catch (error) {
      this.onerror?.(new Error("a WebSocket frame holds no MCP message", { cause: error }));
      return;
    }
    this.onmessage?.(message);
  }
}
