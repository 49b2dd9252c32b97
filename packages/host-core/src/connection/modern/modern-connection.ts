import type { Client, StandardSchemaV1 } from "@modelcontextprotocol/client";
import { abortable } from "../../abortable.ts";
import { describeError } from "../../describe-error.ts";
import { readCallResult } from "../answers/call-result.ts";
import { ServerRequests } from "../answers/server-requests.ts";
import {
  NotRunError,
  type McpConnection,
  type ServerTool,
  type ServerToolResult,
  type ToolCallOptions,
  type ToolListing,
} from "../connection.ts";
import type { DriverOptions } from "../driver-options.ts";
import { ServerQuestions } from "../questions/server-questions.ts";
import { CancelledCalls, type CancelNotice } from "../wire/cancelled-calls.ts";
import { NO_TIMEOUT_MS } from "../wire/no-timeout.ts";
import { Probe, PROBE_TIMEOUT_MS } from "../wire/probe.ts";
import { ProgressRouter } from "../wire/progress-router.ts";
import { ChangeFeed } from "./change-feed.ts";
import { createClient } from "./create-client.ts";
import { putItemsBack, setItemsAside } from "./listed-items.ts";
import { mendAnswer } from "./mend-answer.ts";
import { SentNotices } from "./sent-notices.ts";
import { translateError } from "./translate-error.ts";
import { changeMessages, openModernLink, type ModernLink } from "./transports.ts";

/** Takes every object: what is in it is judged by us. */
const anyResult: StandardSchemaV1<unknown, Record<string, unknown>> = {
  "~standard": {
    version: 1,
    vendor: "millrace",
    validate: (value) => ({ value: value as Record<string, unknown> }),
  },
};

/** Speaks protocol 2026-07-28 alone, through `@modelcontextprotocol/client`. */
export class ModernConnection extends ServerRequests implements McpConnection {
  readonly #client: Client;
  readonly #questions: ServerQuestions;
  readonly #link: ModernLink;
  readonly #progress: ProgressRouter;
  readonly #cancelled: CancelledCalls;
  readonly #notices: SentNotices;
  readonly #changes: ChangeFeed;
  readonly #probe: Probe;
  readonly #options: DriverOptions;
  #tools: ReadonlyMap<string, ServerTool> = new Map();
  #established = false;
  #closing: Promise<void> | null = null;
  /** Set once no answer can come any more. */
  #lostReason: string | null = null;
  /** Stands for the id of a request whose cancelling needs no notice. */
  #unnamed = 0;

  constructor(options: DriverOptions) {
    super(options.events.onWarning);
    const { events, logger } = options;
    this.#options = options;
    this.#questions = new ServerQuestions(options.questions);
    this.#client = createClient(this.#questions);
    this.#progress = new ProgressRouter(logger);
    this.#changes = new ChangeFeed(this.#client, events);
    this.#link = openModernLink(options);
    this.#cancelled = new CancelledCalls({ ...this.#link, ping: (signal) => this.ping(signal) });
    this.#probe = new Probe({
      ping: (signal) => this.ping(signal),
      streams: this.#link.streams,
      onLost: (reason) => this.#lose(reason),
    });
    this.#notices = new SentNotices(this.#link.transport);
    changeMessages(this.#link.transport, (given) => {
      const message = mendAnswer(given);
      this.hear(message);
      const { id, method } = message;
      if (method === undefined && id !== undefined) this.#link.streams?.answered(Number(id));
      this.#progress.inspect(message);
      this.#cancelled.inspect(message);
      return setItemsAside(message);
    });
    // oxlint-disable unicorn/prefer-add-event-listener -- the SDK has callbacks, and no events
    this.#link.transport.onerror = (error) => this.#onTransportError(error);
    this.#client.onerror = (error) => logger.debug({ error: describeError(error) }, "MCP client error");
    this.#client.onclose = () => this.#onClientClose();
    // oxlint-enable unicorn/prefer-add-event-listener
    // The router has seen it already; the client's own handler would complain of a token that it does not know.
    this.#client.setNotificationHandler("notifications/progress", () => {});
  }

  async connect(signal: AbortSignal): Promise<void> {
    try {
      await abortable(this.#client.connect(this.#link.transport, { timeout: NO_TIMEOUT_MS }), signal);
      this.#established = true;
      await abortable(this.#changes.start(PROBE_TIMEOUT_MS), signal);
    } catch (error) {
      throw this.#translate(error, signal);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  override async listTools(signal: AbortSignal): Promise<ToolListing> {
    const listing = await super.listTools(signal);
    this.#tools = new Map(listing.tools.map((tool) => [tool.name, tool]));
    return listing;
  }

  async callTool(
    name: string,
    toolArguments: Record<string, unknown>,
    { signal, onProgress, onAborted, traceparent, sample }: ToolCallOptions,
  ): Promise<ServerToolResult> {
    const listener = onProgress ?? (onAborted && (() => {}));
    const progressToken = listener && this.#progress.register(listener);
    const meta = { ...(progressToken && { progressToken }), ...(traceparent && { traceparent }) };
    const parameters = { name, arguments: toolArguments, _meta: meta };
    // From it the SDK takes which arguments go into headers too; results are checked elsewhere.
    const inputSchema = (this.#tools.get(name)?.inputSchema ?? { type: "object" }) as { type: "object" };
    const options = { timeout: NO_TIMEOUT_MS, toolDefinition: { name, inputSchema } };
    const send = (ends: AbortSignal) => this.#client.callTool(parameters, { ...options, signal: ends });
    const onSent = (notice: CancelNotice) => onAborted?.(() => this.#cancelled.watch(notice, progressToken));
    try {
      const call = () => this.#abortable(send, signal, onSent);
      return readCallResult(putItemsBack(await this.#questions.during(sample, call)));
    } finally {
      if (progressToken !== undefined) this.#progress.release(progressToken);
    }
  }

  /** The protocol has no ping: this is the smallest question that every server answers. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.#abortable((ends) => this.#client.discover({ signal: ends, timeout: NO_TIMEOUT_MS }), signal);
  }

  protected override offers(capability: "tools" | "resources" | "prompts"): boolean {
    return this.#client.getServerCapabilities()?.[capability] !== undefined;
  }

  protected override async request(
    method: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const send = (ends: AbortSignal) =>
      this.#client.request({ method, params }, anyResult, { signal: ends, timeout: NO_TIMEOUT_MS });
    return putItemsBack(await this.#abortable(send, signal));
  }

  /** Runs a request; `onCancelled` gets the notice of an abort. Over HTTP that is the end of the request's stream. */
  async #abortable<Answer>(
    send: (ends: AbortSignal) => Promise<Answer>,
    signal: AbortSignal,
    onCancelled?: (notice: CancelNotice) => void,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const controller = new AbortController();
    const onAbort = () => {
      const notice = this.#notices.noticeOf(() => controller.abort(signal.reason));
      this.#unnamed -= 1;
      onCancelled?.(notice ?? { requestId: this.#unnamed, sent: Promise.resolve() });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await send(controller.signal);
    } catch (error) {
      throw this.#translate(error, signal);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #translate(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    return translateError(error, this.#lostReason ?? this.#link.closeReason());
  }

  async #shutDown(): Promise<void> {
    this.#lostReason ??= "the connection was closed";
    this.#changes.stop();
    await this.#client.close();
    await this.#link.transport.close();
    await this.#link.release();
  }

  #onClientClose(): void {
    this.#cancelled.lost();
    this.#changes.stop();
    if (!this.#established) return;
    this.#lostReason ??= this.#link.closeReason() ?? "the connection was closed";
    if (this.#closing === null) this.#options.events.onClose(this.#lostReason);
  }

  #onTransportError(error: Error): void {
    if (!this.#established || this.#closing !== null || !this.#link.isDoubtedOnError) return;
    // A message that could not be sent fails its own request.
    if (translateError(error, null) instanceof NotRunError) return;
    void this.#probe.ask(`the connection broke: ${describeError(error)}`);
  }

  async #lose(reason: string): Promise<void> {
    this.#lostReason ??= reason;
    await this.#client.close();
  }
}
