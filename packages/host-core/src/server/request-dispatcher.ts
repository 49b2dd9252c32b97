import PQueue from "p-queue";
import { jobError, type JobError } from "@millrace/contracts";
import { abortable } from "../abortable.ts";
import type { Clock } from "../clock.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import { ConnectionLostError, SessionGoneError, type McpConnection } from "../connection/connection.ts";
import type { ConnectionGroup } from "./connection-group.ts";
import type { ConnectionKeeper } from "./connection-keeper.ts";
import { runCall, type ToolCall, type ToolCallOutcome } from "./run-call.ts";
import { withDeadline } from "./with-deadline.ts";

export interface RequestDispatcherOptions {
  settings: () => ServerSettings;
  connections: ConnectionGroup;
  clock: Clock;
  maxResultBytes: number;
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

/**
 * The requests to one server: they wait for a connection, then for a slot, and run on the copy that has least to do.
 * The wait for a connection is bounded by the caller's signal and the server's tool timeout, and takes no slot.
 */
export class RequestDispatcher {
  readonly #options: RequestDispatcherOptions;
  readonly #calls: PQueue;
  /** Those that are no tool calls: counted, not limited. */
  readonly #others = new PQueue();
  /** Resolves at the next change of a connection. */
  #nextChange = Promise.withResolvers<void>();

  constructor(options: RequestDispatcherOptions) {
    this.#options = options;
    this.#calls = new PQueue({ concurrency: options.settings().maxConcurrentTools });
  }

  /** Those who wait for a connection look again. */
  connectionChanged(): void {
    this.#nextChange.resolve();
    this.#nextChange = Promise.withResolvers();
  }

  settingsChanged(): void {
    this.#calls.concurrency = this.#options.settings().maxConcurrentTools;
  }

  /** Resolves when nothing runs or waits for a slot. */
  async whenIdle(): Promise<void> {
    await Promise.all([this.#calls.onIdle(), this.#others.onIdle()]);
  }

  /** Rejects only with the reason of `call.signal`, waiting or running. */
  async call(call: ToolCall): Promise<ToolCallOutcome> {
    let refusals = 0;
    for (;;) {
      const error = await this.#whenConnected(call.signal);
      if (error) return { ok: false, error };
      const run = () => {
        call.onRunning?.();
        return this.#run(call, () => (refusals += 1) === 1);
      };
      if (this.#calls.pending >= this.#calls.concurrency) call.onWaiting?.();
      const outcome = await this.#calls.add(run, { signal: call.signal });
      if (outcome !== NOT_RUN) return outcome;
    }
  }

  /** Any other request. Rejects with `ConnectionLostError` when the server is away, else as `McpConnection` says. */
  async ask<T>(
    signal: AbortSignal,
    request: (connection: McpConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeoutMs = this.#options.settings().toolTimeoutMs;
    const reason = new ConnectionLostError(`the server did not answer within ${timeoutMs / 1_000} s`);
    return await withDeadline({ signal, timeoutMs, reason }, (bounded) =>
      this.#others.add(async () => {
        for (let isLast = false; ; isLast = true) {
          const error = await this.#whenConnected(bounded);
          const keeper = this.#options.connections.leastBusy();
          if (error || !keeper) throw new ConnectionLostError((error ?? this.#options.unavailable()).message);
          try {
            return await keeper.use((connection) => request(connection, bounded));
          } catch (failure) {
            if (!(failure instanceof SessionGoneError)) throw failure;
            if (isLast) throw new ConnectionLostError(failure.message);
          }
        }
      }),
    );
  }

  /** Null once there is a connection, else why there will be none. */
  async #whenConnected(signal: AbortSignal): Promise<JobError | null> {
    const { connections, settings, isOpen, mayComeBack, unavailable } = this.#options;
    const isThere = () => isOpen() && connections.leastBusy() !== null;
    if (isThere()) return null;
    const reason = new Error("waited for long enough");
    try {
      await withDeadline({ signal, timeoutMs: settings().toolTimeoutMs, reason }, async (bounded) => {
        while (!isThere() && mayComeBack()) {
          connections.wake();
          await abortable(this.#nextChange.promise, bounded);
        }
      });
    } catch (error) {
      if (error !== reason) throw error;
    }
    return isThere() ? null : unavailable();
  }

  /** `mayRepeat` says whether a refusal of the session leads to another try. */
  async #run(call: ToolCall, mayRepeat: () => boolean): Promise<ToolCallOutcome | NotRun> {
    const { connections, settings, clock, maxResultBytes, redact } = this.#options;
    const keeper = connections.leastBusy();
    if (!keeper) return NOT_RUN;
    const connection: Pick<McpConnection, "callTool"> = {
      callTool: (...given) => keeper.use((live) => live.callTool(...given)),
    };
    const describeLoss = (reason: string) => this.#describeLoss(keeper, reason);
    try {
      const environment = { settings: settings(), connection, clock, maxResultBytes, redact, describeLoss };
      return await runCall(environment, call);
    } catch (error) {
      if (!(error instanceof SessionGoneError)) throw error;
      return mayRepeat() ? NOT_RUN : { ok: false, error: describeLoss(error.message) };
    }
  }

  #describeLoss(keeper: ConnectionKeeper, reason: string): JobError {
    const { settings, connections } = this.#options;
    const server = `Server "${settings().name}" gave no answer (${connections.status})`;
    return jobError("server_unavailable", `${server}: ${keeper.explain(reason)}`);
  }
}
