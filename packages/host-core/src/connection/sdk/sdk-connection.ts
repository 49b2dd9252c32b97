import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  McpError,
  ProgressNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { abortable } from "../../abortable.ts";
import type { TransportSettings } from "../../config/server-settings.ts";
import { describeError } from "../../describe-error.ts";
import { settlesWithin } from "../../settles-within.ts";
import {
  ConnectionLostError,
  RequestRejectedError,
  type McpConnection,
  type McpConnectionEvents,
  type ServerToolResult,
  type ToolCallOptions,
  type ToolListing,
} from "../connection.ts";
import { readCallResult } from "./call-result.ts";
import { CancelledCalls, type CancelNotice } from "./cancelled-calls.ts";
import { listResources, listTools, type FetchPage } from "./listing.ts";
import { ProgressRouter } from "./progress-router.ts";
import { openLink, type Link, type LinkOptions } from "./transports.ts";

/** Our deadlines are signals; the SDK's own, 60 s by default, is moved out of the way. The longest timer there is. */
const NO_TIMEOUT_MS = 2_147_483_647;
/** For the answer of a server that may be gone. */
const PROBE_TIMEOUT_MS = 5_000;
/** For a DELETE to a server that may be gone. */
const END_SESSION_TIMEOUT_MS = 2_000;

/** Anything that is an object: the SDK's own result schemas refuse whole answers over one odd field. */
const AnyResult = z.looseObject({});

export interface SdkConnectionOptions extends Omit<LinkOptions, "onStderr"> {
  transport: TransportSettings;
  events: McpConnectionEvents;
}

/** Speaks the protocol versions up to 2025-11-25, through `@modelcontextprotocol/sdk`. */
export class SdkConnection implements McpConnection {
  readonly #client = new Client({ name: "millrace", version: "0.1.0" }, { capabilities: {} });
  readonly #link: Link;
  readonly #progress: ProgressRouter;
  readonly #cancelled: CancelledCalls;
  readonly #options: SdkConnectionOptions;
  #established = false;
  #closing: Promise<void> | null = null;
  /** Set once no answer can come any more. */
  #lostReason: string | null = null;
  #isProbing = false;

  constructor(options: SdkConnectionOptions) {
    this.#options = options;
    this.#progress = new ProgressRouter(options.logger);
    this.#link = openLink(options.transport, { ...options, onStderr: options.events.onStderr });
    this.#cancelled = new CancelledCalls({ ...this.#link, ping: (signal) => this.ping(signal) });
    // Both set before the client wraps them. Its own error handler gets protocol errors as well.
    // oxlint-disable unicorn/prefer-add-event-listener -- the SDK has callbacks, and no events
    this.#link.transport.onmessage = (message) => {
      this.#progress.inspect(message);
      this.#cancelled.inspect(message);
    };
    this.#link.transport.onerror = (error) => this.#onTransportError(error);
    this.#client.onerror = (error) =>
      options.logger.debug({ error: describeError(error) }, "MCP client error");
    this.#client.onclose = () => this.#onClientClose();
    // oxlint-enable unicorn/prefer-add-event-listener
    this.#client.setNotificationHandler(ToolListChangedNotificationSchema, () =>
      options.events.onToolsChanged(),
    );
    // The router has seen it already; the client's own handler would complain of a token that it does not know.
    this.#client.setNotificationHandler(ProgressNotificationSchema, () => {});
  }

  async connect(signal: AbortSignal): Promise<void> {
    try {
      // The specification forbids to cancel `initialize`, so the signal ends our waiting, and close() the rest.
      const connected = this.#client.connect(this.#link.transport, { timeout: NO_TIMEOUT_MS });
      await abortable(connected, signal);
      this.#established = true;
    } catch (error) {
      throw this.#translate(error, signal);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  listTools(signal: AbortSignal): Promise<ToolListing> {
    if (!this.#client.getServerCapabilities()?.tools) return Promise.resolve({ tools: [], warnings: [] });
    return listTools(this.#pages("tools/list", signal));
  }

  listResources(signal: AbortSignal): Promise<string[]> {
    if (!this.#client.getServerCapabilities()?.resources) return Promise.resolve([]);
    return listResources(this.#pages("resources/list", signal));
  }

  async callTool(
    name: string,
    toolArguments: Record<string, unknown>,
    { signal, onProgress, onAborted }: ToolCallOptions,
  ): Promise<ServerToolResult> {
    // Without a token a server reports no progress: the only sign of life of a call that ignores its cancelling.
    const listener = onProgress ?? (onAborted && (() => {}));
    const progressToken = listener && this.#progress.register(listener);
    const meta = progressToken === undefined ? {} : { _meta: { progressToken } };
    const params = { name, arguments: toolArguments, ...meta };
    const onNotice =
      onAborted && ((notice: CancelNotice) => onAborted(() => this.#cancelled.watch(notice, progressToken)));
    try {
      return readCallResult(await this.#request({ method: "tools/call", params }, signal, onNotice));
    } finally {
      if (progressToken !== undefined) this.#progress.release(progressToken);
    }
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#request({ method: "ping" }, signal);
  }

  #pages(method: "tools/list" | "resources/list", signal: AbortSignal): FetchPage {
    return (cursor) => this.#request({ method, params: cursor === undefined ? {} : { cursor } }, signal);
  }

  async #request(
    request: Parameters<Client["request"]>[0],
    signal: AbortSignal,
    onNotice?: (notice: CancelNotice) => void,
  ): Promise<Record<string, unknown>> {
    // The SDK never takes its listener off a signal, and would report a finished request as cancelled when
    // the signal aborts later. So each request has a signal of its own.
    const controller = new AbortController();
    const onAbort = () => {
      const notice = this.#cancelled.noticeOf(() => controller.abort(signal.reason));
      if (notice) onNotice?.(notice);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.#client.request(request, AnyResult, {
        signal: controller.signal,
        timeout: NO_TIMEOUT_MS,
      });
    } catch (error) {
      throw this.#translate(error, signal);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #translate(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    const reason = this.#lostReason ?? this.#link.closeReason();
    if (reason !== null) return new ConnectionLostError(reason);
    if (error instanceof McpError) {
      return new RequestRejectedError(error.code, error.message.replace(/^MCP error -?\d+: /, ""));
    }
    // The SDK leaves the status out of the message.
    const status = error instanceof StreamableHTTPError ? `HTTP status ${error.code}: ` : "";
    return new ConnectionLostError(status + describeError(error));
  }

  async #shutDown(): Promise<void> {
    if (this.#lostReason === null) {
      if (this.#established) await settlesWithin(this.#link.endSession(), END_SESSION_TIMEOUT_MS);
      this.#lostReason ??= "the connection was closed";
    }
    // Rejects what is still waiting for an answer. A transport that has closed by itself is closed once more
    // through its own method: a process group may still be ending.
    await this.#client.close();
    await this.#link.transport.close();
    await this.#link.release();
  }

  #onClientClose(): void {
    this.#cancelled.lost();
    // Before that, `connect()` itself reports what went wrong.
    if (!this.#established) return;
    this.#lostReason ??= this.#link.closeReason() ?? "the connection was closed";
    if (this.#closing === null) this.#options.events.onClose(this.#lostReason);
  }

  #onTransportError(error: Error): void {
    if (!this.#established || this.#closing !== null) return;
    const reason = `the connection broke: ${describeError(error)}`;
    if (this.#link.onTransportError === "lost") void this.#lose(reason);
    if (this.#link.onTransportError === "doubt") void this.#probe(reason);
  }

  /** Over HTTP nothing ends a call whose server has died; a failed ping does. */
  async #probe(reason: string): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    try {
      await this.ping(AbortSignal.timeout(PROBE_TIMEOUT_MS));
    } catch (error) {
      // An error is an answer too: some servers do not know ping.
      if (!(error instanceof RequestRejectedError)) await this.#lose(reason);
    } finally {
      this.#isProbing = false;
    }
  }

  /** Ends the SDK's client as if the transport had closed: all that waits is rejected, and the host is told. */
  async #lose(reason: string): Promise<void> {
    this.#lostReason ??= reason;
    await this.#client.close();
  }
}
