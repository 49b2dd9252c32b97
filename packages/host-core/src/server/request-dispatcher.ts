import { setImmediate } from "node:timers/promises";
import { jobError, type JobError } from "@millrace/contracts";
import { abortable } from "../abortable.ts";
import type { Clock } from "../clock.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import { ConnectionLostError, isStatus, NotRunError, type McpConnection } from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import type { ConnectionGroup } from "./connection-group.ts";
import type { ConnectionKeeper } from "./connection-keeper.ts";
import { runCall, type ToolCall, type ToolCallOutcome, type WaitListener } from "./run-call.ts";
import { Slots } from "./slots.ts";
import { withDeadline } from "../with-deadline.ts";

/** The server has a request that is no tool call, and did not answer it within its tool timeout. */
export class RequestTimeoutError extends Error {
  override readonly name = "RequestTimeoutError";
}

/** The connection broke while the server had a request that is no tool call. That may be the end of any that it meets. */
export class AnswerLostError extends Error {
  override readonly name = "AnswerLostError";
}

export interface RequestDispatcherOptions {
  settings: () => ServerSettings;
  connections: ConnectionGroup;
  clock: Clock;
  /** Bounds the calls to all servers of the host together. */
  hostCalls: Slots;
  /** Hides the server's secrets. */
  redact: (text: string) => string;
  /** Whether new requests are taken. */
  isOpen: () => boolean;
  /** Whether it is worth waiting for a connection. */
  mayComeBack: () => boolean;
  /** Why no request can run now. */
  unavailable: () => JobError;
}

/** Nothing has run: the connection was gone before, or the server refused a session that it does not know. */
const NOT_RUN = Symbol("not run");
type NotRun = typeof NOT_RUN;
/** Nothing has run, and another server has taken this one's place: a call may go over to that. */
export const RETIRED = Symbol("retired");
export type Retired = typeof RETIRED;

/**
 * The requests to one server: they wait for a connection, then for a slot, and run on the copy that has least to do.
 * The wait for a connection is bounded by the caller's signal and the server's tool timeout, and takes no slot.
 */
export class RequestDispatcher {
  readonly #options: RequestDispatcherOptions;
  readonly #calls: Slots;
  /** Connections that a call has for itself: such a tool may ask for a model. */
  readonly #occupied = new Set<ConnectionKeeper>();
  /** Requests that are no tool calls: counted, not limited. */
  readonly #others = new Slots(Number.POSITIVE_INFINITY);
  /** Resolves at the next change of a connection. */
  #nextChange = Promise.withResolvers<void>();

  constructor(options: RequestDispatcherOptions) {
    this.#options = options;
    this.#calls = new Slots(this.#callsAtOnce());
  }

  /** Requests that wait for a connection look again. */
  connectionChanged(): void {
    this.#calls.limit = this.#callsAtOnce();
    this.#nextChange.resolve();
    this.#nextChange = Promise.withResolvers();
  }

  settingsChanged(): void {
    this.#calls.limit = this.#callsAtOnce();
  }

  /** Resolves when nothing runs or waits for a slot. */
  async whenIdle(): Promise<void> {
    await Promise.all([this.#calls.whenIdle(), this.#others.whenIdle()]);
  }

  /** Rejects with the reason of `call.signal`, waiting or running, or as `call.onRunning` does. */
  async call(call: ToolCall): Promise<ToolCallOutcome | Retired> {
    let refusals = 0;
    for (;;) {
      const error = this.#isThere ? null : await this.#whenConnected(call.signal, call.onWaiting);
      if (error) return this.#options.isOpen() ? { ok: false, error } : RETIRED;
      const mayRepeat = () => (refusals += 1) === 1;
      const run = () => {
        const begun = call.onRunning?.();
        return begun ? begun.then(() => this.#run(call, mayRepeat)) : this.#run(call, mayRepeat);
      };
      const { hostCalls, connections } = this.#options;
      const { signal, caller } = call;
      if (this.#calls.areTaken || hostCalls.areTaken) call.onWaiting?.("place");
      // Another copy that rests has a place of its own.
      if (this.#calls.areTaken && this.#mayAsk) connections.wake();
      // In this order: what waits for its server takes no place from calls of others.
      const outcome = await this.#calls.run(signal, () => hostCalls.run(signal, run, caller), caller);
      if (outcome !== NOT_RUN) return outcome;
    }
  }

  /**
   * Any other request. Rejects with `ConnectionLostError` when the server is away, with `AnswerLostError` when it goes
   * away meanwhile, with `RequestTimeoutError` when it does not answer, else as `McpConnection` says.
   */
  async ask<T>(
    signal: AbortSignal,
    request: (connection: McpConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeoutMs = this.#options.settings().toolTimeoutMs;
    const cure = `raise its "tool_timeout" if it needs longer`;
    const reason = new RequestTimeoutError(`it did not answer within ${timeoutMs / 1_000} s; ${cure}`);
    try {
      return await withDeadline({ signal, timeoutMs, reason }, (bounded) =>
        this.#others.run(bounded, () => this.#askConnected(bounded, request)),
      );
    } catch (error) {
      // Then the time was spent waiting for the server.
      if (error === reason && !this.#isThere)
        throw new ConnectionLostError(this.#options.unavailable().message);
      throw error;
    }
  }

  /** Asks again, once, where nothing has run. */
  async #askConnected<T>(
    signal: AbortSignal,
    request: (connection: McpConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (let isLast = false; ; isLast = true) {
      const error = await this.#whenConnected(signal);
      const keeper = this.#options.connections.leastBusy();
      if (error || !keeper) throw new ConnectionLostError((error ?? this.#options.unavailable()).message);
      try {
        return await keeper.use((connection) => request(connection, signal));
      } catch (failure) {
        if (this.#isLossOf(keeper, failure))
          throw new AnswerLostError(keeper.explain(describeError(failure)));
        if (!(failure instanceof NotRunError)) throw failure;
        if (isLast) throw new ConnectionLostError(failure.message);
      }
    }
  }

  /** Not what we have closed ourselves, nor a refusal of whoever stands before the server. */
  #isLossOf(keeper: ConnectionKeeper, failure: unknown): boolean {
    const isLoss = failure instanceof ConnectionLostError && !isStatus(failure);
    return isLoss && keeper.connection === null && this.#options.isOpen();
  }

  get #isThere(): boolean {
    const { connections, isOpen } = this.#options;
    return isOpen() && connections.leastBusy() !== null;
  }

  /** Null once there is a connection, else why there will be none. */
  async #whenConnected(signal: AbortSignal, onWaiting?: WaitListener): Promise<JobError | null> {
    const { connections, settings, mayComeBack, unavailable } = this.#options;
    if (this.#isThere) return null;
    onWaiting?.("server");
    const reason = new Error("waited for long enough");
    try {
      await withDeadline({ signal, timeoutMs: settings().toolTimeoutMs, reason }, async (bounded) => {
        while (!this.#isThere && mayComeBack()) {
          connections.wake();
          await abortable(this.#nextChange.promise, bounded);
        }
      });
    } catch (error) {
      if (error !== reason) throw error;
    }
    return this.#isThere ? null : unavailable();
  }

  /** `mayRepeat` says whether a refusal of the session leads to another try. */
  async #run(call: ToolCall, mayRepeat: () => boolean): Promise<ToolCallOutcome | NotRun> {
    const { connections, settings, clock, redact } = this.#options;
    const keeper = connections.leastBusy(this.#occupied);
    if (!keeper) {
      // Whoever looks again lets others act in between: what it waits for may be theirs to do.
      await setImmediate();
      return NOT_RUN;
    }
    if (this.#mayAsk) this.#occupied.add(keeper);
    const connection: Pick<McpConnection, "callTool"> = {
      callTool: (...given) => keeper.use((live) => live.callTool(...given)),
    };
    const describeLoss = (reason: string) => this.#describeLoss(keeper, reason);
    try {
      const environment = { settings: settings(), connection, clock, redact, describeLoss };
      return await runCall(environment, call);
    } catch (error) {
      if (!(error instanceof NotRunError)) throw error;
      return mayRepeat() ? NOT_RUN : { ok: false, error: describeLoss(error.message) };
    } finally {
      this.#occupied.delete(keeper);
    }
  }

  /** Whether the tools may ask for a model. Then it must be known which job a question belongs to. */
  get #mayAsk(): boolean {
    return this.#options.settings().questions.sampling;
  }

  /** One at least: without any connection a call must come to its turn to see that. */
  #callsAtOnce(): number {
    const { settings, connections } = this.#options;
    const { maxConcurrentTools } = settings();
    return this.#mayAsk
      ? Math.min(maxConcurrentTools, Math.max(connections.connected, 1))
      : maxConcurrentTools;
  }

  #describeLoss(keeper: ConnectionKeeper, reason: string): JobError {
    const { settings, connections } = this.#options;
    const server = `Server "${settings().name}" gave no answer (${connections.status})`;
    return jobError("server_unavailable", `${server}: ${keeper.explain(reason)}`);
  }
}
