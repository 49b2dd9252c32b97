import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { abortable } from "../../abortable.ts";
import { describeError } from "../../describe-error.ts";
import { settlesWithin } from "../../settles-within.ts";
import { readCallResult } from "../answers/call-result.ts";
import { ServerRequests } from "../answers/server-requests.ts";
import {
  ConnectionLostError,
  NeedsAuthError,
  SessionLostError,
  type McpConnection,
  type ServerToolResult,
  type ToolCallOptions,
} from "../connection.ts";
import type { DriverOptions } from "../driver-options.ts";
import { ServerQuestions } from "../questions/server-questions.ts";
import { CancelledCalls, type CancelNotice } from "../wire/cancelled-calls.ts";
import type { JsonRpcMessage, RequestId } from "../wire/json-rpc.ts";
import { NO_TIMEOUT_MS } from "../wire/no-timeout.ts";
import { Probe } from "../wire/probe.ts";
import { ProgressRouter } from "../wire/progress-router.ts";
import { RequestChannel } from "../wire/request-channel.ts";
import { createClient } from "./create-client.ts";
import type { Link } from "./link.ts";
import { mendHandshake } from "./mend-handshake.ts";
import { SessionCheck } from "./session-check.ts";
import { callAsTask } from "./task-call.ts";
import { describeBreak, translateError } from "./translate-error.ts";

/** How long the response of a cancelled call waits for the server to take note of that. */
const NOTICE_TIMEOUT_MS = 2_000;
/** How long the end of a session is waited for: its server may be gone. */
const END_SESSION_TIMEOUT_MS = 2_000;

/** Whether the server may work on a call that has ended for us. */
function mayWorkOn(error: unknown, { aborted }: AbortSignal): boolean {
  return aborted || (error instanceof ConnectionLostError && !(error instanceof NeedsAuthError));
}

export interface LegacyConnectionOptions extends Pick<DriverOptions, "questions" | "events" | "logger"> {
  link: Link;
}

/** Speaks the protocol versions up to 2025-11-25, through `@modelcontextprotocol/sdk`. */
export class LegacyConnection extends ServerRequests implements McpConnection {
  readonly #client: Client;
  readonly #questions: ServerQuestions;
  readonly #link: Link;
  readonly #progress: ProgressRouter;
  readonly #cancelled: CancelledCalls;
  readonly #channel: RequestChannel;
  readonly #probe: Probe;
  readonly #session: SessionCheck;
  readonly #options: LegacyConnectionOptions;
  #established = false;
  #closing: Promise<void> | null = null;
  /** Set once no answer can come any more. */
  #lostReason: string | null = null;

  constructor(options: LegacyConnectionOptions) {
    super(options.events.onWarning);
    this.#options = options;
    this.#questions = new ServerQuestions(options.questions);
    this.#client = createClient(this.#questions, options.events);
    this.#progress = new ProgressRouter(options.logger);
    this.#link = options.link;
    const { transport, streams } = this.#link;
    const ping = (signal: AbortSignal) => this.ping(signal);
    this.#cancelled = new CancelledCalls({ ...this.#link, ping });
    this.#probe = new Probe({ ping, streams, onLost: (reason) => this.#lose(reason) });
    this.#session = new SessionCheck(ping);
    this.#channel = new RequestChannel((message) =>
      transport.send(message as Parameters<typeof transport.send>[0]),
    );
    this.#listen(options);
  }

  async connect(signal: AbortSignal): Promise<void> {
    try {
      // The specification forbids to cancel `initialize`, so the signal ends our waiting, and close() the rest.
      const connected = this.#client.connect(this.#link.transport, { timeout: NO_TIMEOUT_MS });
      this.#takeAnswers();
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

  async callTool(
    name: string,
    toolArguments: Record<string, unknown>,
    options: ToolCallOptions,
  ): Promise<ServerToolResult> {
    const {
      signal,
      onProgress,
      onAborted,
      traceparent,
      sample,
      silenceMs = Number.POSITIVE_INFINITY,
    } = options;
    // Without a token a server reports no progress: the only sign of life of a call that ignores its cancelling.
    const listener = onProgress ?? (onAborted && (() => {}));
    const progressToken = listener && this.#progress.register(listener);
    const meta = { ...(progressToken && { progressToken }), ...(traceparent && { traceparent }) };
    const parameters = {
      name,
      arguments: toolArguments,
      ...((progressToken || traceparent) && { _meta: meta }),
    };
    let requestId: RequestId | undefined;
    const onNotice = (notice: CancelNotice) => {
      requestId = notice.requestId;
      this.#followUp(notice, progressToken, onAborted);
    };
    const call = () =>
      this.taskTools.has(name)
        ? callAsTask((...given) => this.request(...given), parameters, options)
        : this.#request("tools/call", parameters, signal, onNotice);
    try {
      return readCallResult(await this.#questions.during(sample, call));
    } catch (error) {
      if (mayWorkOn(error, signal)) this.#questions.abandon({ requestId, progressToken, silenceMs });
      throw error;
    } finally {
      if (progressToken !== undefined) this.#progress.release(progressToken);
    }
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.request("ping", {}, signal);
  }

  protected override offers(capability: "tools" | "resources" | "prompts"): boolean {
    return this.#client.getServerCapabilities()?.[capability] !== undefined;
  }

  protected override request(
    method: string,
    parameters: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    return this.#request(method, parameters, signal, (notice) => this.#followUp(notice));
  }

  async #request(
    method: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
    onNotice: (notice: CancelNotice) => void,
  ): Promise<Record<string, unknown>> {
    try {
      return await this.#channel.request(method, params, signal, onNotice);
    } catch (error) {
      const isJudged = this.#established && !signal.aborted;
      if (isJudged && (await abortable(this.#session.isLost(method, error), signal)))
        throw new SessionLostError(describeError(error));
      throw this.#translate(error, signal);
    }
  }

  /** After a cancelling: who asks for it gets the proof, and then nothing more of the request is heard. */
  #followUp(notice: CancelNotice, progressToken?: string, onAborted?: ToolCallOptions["onAborted"]): void {
    let watching: Promise<unknown> | null = null;
    onAborted?.(() => {
      const proof = this.#cancelled.watch(notice, progressToken);
      watching = proof;
      return proof;
    });
    const end = () => this.#link.streams?.end(notice.requestId);
    // A server that hangs takes no note of anything, and must not keep a socket for each call.
    void (watching ?? settlesWithin(notice.sent, NOTICE_TIMEOUT_MS)).then(end, end);
  }

  #translate(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    return translateError(error, this.#lostReason ?? this.#link.closeReason());
  }

  #listen({ logger }: LegacyConnectionOptions): void {
    // Set before the client wraps it. Its own error handler gets protocol errors as well.
    // oxlint-disable unicorn/prefer-add-event-listener -- the SDK has callbacks, and no events
    this.#link.transport.onerror = (error) => this.#onTransportError(error);
    this.#client.onerror = (error) => logger.debug({ error: describeError(error) }, "MCP client error");
    this.#client.onclose = () => this.#onClientClose();
    // oxlint-enable unicorn/prefer-add-event-listener
  }

  /** Right after the client has begun to connect: answers to our own requests never reach it. */
  #takeAnswers(): void {
    const { transport } = this.#link;
    const toClient = transport.onmessage;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK has callbacks, and no events
    transport.onmessage = (message, extra) => {
      const given = message as JsonRpcMessage;
      this.hear(given);
      this.#progress.inspect(given);
      this.#cancelled.inspect(given);
      this.#questions.inspect(given);
      if (given.method === undefined && given.id !== undefined)
        this.#link.streams?.answered(Number(given.id));
      if (!this.#channel.take(given)) toClient?.(this.#established ? message : mendHandshake(message), extra);
    };
  }

  async #shutDown(): Promise<void> {
    if (this.#lostReason === null) {
      await settlesWithin(this.#link.endSession(), END_SESSION_TIMEOUT_MS);
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
    this.#channel.lost(new ConnectionLostError("the connection was closed"));
    // Before that, `connect()` itself reports what went wrong.
    if (!this.#established) return;
    this.#lostReason ??= this.#link.closeReason() ?? "the connection was closed";
    if (this.#closing === null) this.#options.events.onClose(this.#lostReason);
  }

  #onTransportError(error: Error): void {
    if (!this.#established || this.#closing !== null) return;
    const reason = describeBreak(error);
    const meaning = this.#link.meaningOf(error);
    if (meaning === "lost") void this.#lose(reason);
    if (meaning === "doubt") void this.#probe.ask(reason);
  }

  /** Ends the SDK's client as if the transport had closed: all that waits is rejected, and the host is told. */
  async #lose(reason: string): Promise<void> {
    this.#lostReason ??= reason;
    await this.#session.outlastRefusals(this.#channel);
    await this.#client.close();
  }
}
