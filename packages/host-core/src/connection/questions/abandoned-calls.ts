import { systemClock, type Clock } from "../../clock.ts";
import { isOurOwn } from "../http/stand-in-answer.ts";
import type { JsonRpcMessage, RequestId } from "../wire/json-rpc.ts";

/** A call that was sent, and that nobody waits for any more. */
export interface AbandonedCall {
  /** Undefined where its answer cannot come, or would not say that it has ended. */
  readonly requestId: RequestId | undefined;
  readonly progressToken: string | undefined;
  /** How long a tool may work without a sign of life, in milliseconds. */
  readonly silenceMs: number;
}

/** How many are followed one by one. Of the others it is only known when the last is over. */
const FOLLOWED_MAX = 1_000;

/**
 * Calls of one connection that were cancelled, took too long or lost their response: their server may work on them, and
 * ask in their name. Each counts until its answer has come after all, or until nothing has come of it for as long as a
 * tool may be silent. A server that gives in to a cancelling says nothing, and so does a tool that ignores it.
 */
export class AbandonedCalls {
  readonly #clock: Clock;
  readonly #followed = new Map<RequestId, AbandonedCall & { until: number }>();
  #othersUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Whether any may still be at work. */
  get areLeft(): boolean {
    const now = this.#clock.monotonicMs();
    for (const [id, { until }] of this.#followed) if (until <= now) this.#followed.delete(id);
    return this.#followed.size > 0 || this.#othersUntil > now;
  }

  add(call: AbandonedCall): void {
    const until = this.#clock.monotonicMs() + call.silenceMs;
    const mayFollow = !this.areLeft || this.#followed.size < FOLLOWED_MAX;
    if (call.requestId !== undefined && mayFollow) this.#followed.set(call.requestId, { ...call, until });
    else this.#othersUntil = Math.max(this.#othersUntil, until);
  }

  /** Looks at every message that arrives. */
  inspect(message: JsonRpcMessage): void {
    if (this.#followed.size === 0) return;
    if (message.method === "notifications/progress") {
      const token = message.params?.["progressToken"];
      const now = this.#clock.monotonicMs();
      for (const call of this.#followed.values())
        if (call.progressToken === token) call.until = now + call.silenceMs;
    } else if (message.method === undefined && message.id !== undefined && !isOurOwn(message)) {
      // Some servers make texts of numbers.
      this.#followed.delete(Number(message.id));
    }
  }
}
