import type { ServerSettings } from "../config/server-settings.ts";
import {
  ConnectionLostError,
  RequestRejectedError,
  UNSUPPORTED_PROTOCOL_VERSION,
  type CompletionRequest,
  type McpConnection,
  type ToolCallOptions,
} from "./connection.ts";

export interface NegotiatingConnectionOptions {
  protocol: ServerSettings["protocol"];
  /** Outlives the connection. */
  memory: { isModern: boolean };
  openLegacy: () => Promise<McpConnection>;
  /** Protocol 2026-07-28. */
  openModern: () => Promise<McpConnection>;
}

/**
 * Finds out which protocol a server speaks. The old handshake is tried first: nearly all servers know it, and a
 * server of the new protocol refuses it with an error of its own, which costs one round trip and is remembered.
 */
export class NegotiatingConnection implements McpConnection {
  readonly #options: NegotiatingConnectionOptions;
  /** Null before a driver has been chosen. */
  #driver: McpConnection | null = null;
  #opening: Promise<McpConnection> | null = null;
  #isClosed = false;

  constructor(options: NegotiatingConnectionOptions) {
    this.#options = options;
  }

  get heard(): number {
    return this.#driver?.heard ?? 0;
  }

  async connect(signal: AbortSignal): Promise<void> {
    const { protocol, memory } = this.#options;
    if (protocol === "legacy") {
      const driver = await this.#open(this.#options.openLegacy);
      await driver.connect(signal);
      return;
    }
    if (protocol === "auto" && !memory.isModern && (await this.#connectLegacy(signal))) return;
    const driver = await this.#open(this.#options.openModern);
    try {
      await driver.connect(signal);
      memory.isModern = true;
    } catch (error) {
      // It answers, and wants it otherwise: the next connection begins at the beginning.
      if (error instanceof RequestRejectedError) memory.isModern = false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // What a driver needs may have been started already.
    await this.#opening?.catch(() => {});
    await this.#driver?.close();
  }

  listTools(signal: AbortSignal) {
    return this.#connected().listTools(signal);
  }

  listResources(signal: AbortSignal) {
    return this.#connected().listResources(signal);
  }

  listResourceTemplates(signal: AbortSignal) {
    return this.#connected().listResourceTemplates(signal);
  }

  listPrompts(signal: AbortSignal) {
    return this.#connected().listPrompts(signal);
  }

  readResource(uri: string, signal: AbortSignal) {
    return this.#connected().readResource(uri, signal);
  }

  getPrompt(name: string, promptArguments: Readonly<Record<string, string>>, signal: AbortSignal) {
    return this.#connected().getPrompt(name, promptArguments, signal);
  }

  complete(request: CompletionRequest, signal: AbortSignal) {
    return this.#connected().complete(request, signal);
  }

  callTool(name: string, toolArguments: Record<string, unknown>, options: ToolCallOptions) {
    return this.#connected().callTool(name, toolArguments, options);
  }

  ping(signal: AbortSignal) {
    return this.#connected().ping(signal);
  }

  /** Whether it worked: false when the server speaks the new protocol only. */
  async #connectLegacy(signal: AbortSignal): Promise<boolean> {
    const driver = await this.#open(this.#options.openLegacy);
    try {
      await driver.connect(signal);
      return true;
    } catch (error) {
      const isRefused = error instanceof RequestRejectedError && error.code === UNSUPPORTED_PROTOCOL_VERSION;
      if (!isRefused) throw error;
      await driver.close();
      return false;
    }
  }

  async #open(open: () => Promise<McpConnection>): Promise<McpConnection> {
    this.#throwIfClosed();
    this.#opening = open();
    this.#driver = await this.#opening;
    this.#throwIfClosed();
    return this.#driver;
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw new ConnectionLostError("the connection was closed");
  }

  #connected(): McpConnection {
    if (!this.#driver) throw new ConnectionLostError("it is not connected yet");
    return this.#driver;
  }
}
