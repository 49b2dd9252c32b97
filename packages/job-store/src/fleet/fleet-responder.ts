import type { FleetRequests } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { FleetRequestMessage, FleetRequestName, StoredAnswer } from "./fleet-requests.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";

/** How long an answer is kept for who asked, in milliseconds. */
const ANSWER_TTL_MS = 30_000;

/** Answers requests of one name; `signal` aborts when nobody waits for the answer any more. */
type FleetHandler<Name extends FleetRequestName> = (
  body: FleetRequests[Name]["body"],
  signal: AbortSignal,
) => Promise<FleetRequests[Name]["answer"]>;

export type FleetHandlers = { readonly [Name in FleetRequestName]: FleetHandler<Name> };

export interface FleetResponderOptions {
  redis: Redis;
  keys: Keys;
  workerId: string;
  logger: Logger;
}

/** Answers what the control channel asks of this worker: see `FleetRequester`. */
export class FleetResponder {
  readonly #options: FleetResponderOptions;
  #handlers: FleetHandlers | null = null;

  constructor(options: FleetResponderOptions) {
    this.#options = options;
  }

  /** From now on requests are answered; until then they are not. */
  start(handlers: FleetHandlers): void {
    this.#handlers = handlers;
  }

  /** Takes a request in its JSON. Never rejects. */
  async receive(text: string): Promise<void> {
    const { redis, keys, workerId, logger } = this.#options;
    try {
      const request = JSON.parse(text) as FleetRequestMessage;
      if (!this.#handlers || !request.workers.includes(workerId)) return;
      const answer = JSON.stringify(await this.#handle(this.#handlers, request));
      const key = keys.fleetAnswer(request.id, workerId);
      await redis
        .pipeline()
        .set(key, answer, "PX", ANSWER_TTL_MS)
        .publish(request.replyTo, request.id)
        .exec();
    } catch (error) {
      logger.warn({ err: error }, "A request of the fleet was not answered");
    }
  }

  async #handle(handlers: FleetHandlers, request: FleetRequestMessage): Promise<StoredAnswer> {
    const handler = (handlers as Partial<Record<string, FleetHandler<FleetRequestName>>>)[request.name];
    if (!handler) return { outcome: "failed", message: `this worker knows no "${request.name}"` };
    try {
      const signal = AbortSignal.timeout(request.timeoutMs);
      return { outcome: "answered", answer: await handler(request.body as never, signal) };
    } catch (error) {
      this.#options.logger.error({ err: error, request: request.name }, "Bug: a request of the fleet failed");
      return { outcome: "failed", message: "this worker failed; its log says why" };
    }
  }
}
