import type { Redis } from "ioredis";
import type { ChannelSubscription, ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { FleetResponder } from "./fleet-responder.ts";
import type { JobRunner } from "../run/job-runner.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";

export interface WorkerControlOptions {
  redis: Redis;
  subscriptions: ChannelSubscriptions;
  keys: Keys;
  logger: Logger;
  runners: () => readonly JobRunner[];
  responder: FleetResponder;
}

/**
 * Does what the control channel asks of this worker. Messages only wake, and may be lost with a connection: then the
 * records of the jobs that run here say what was asked.
 */
export class WorkerControl {
  readonly #options: WorkerControlOptions;
  #subscription: ChannelSubscription | null = null;

  constructor(options: WorkerControlOptions) {
    this.#options = options;
  }

  /** Begins to listen. */
  start(): void {
    const { subscriptions, keys } = this.#options;
    this.#subscription ??= subscriptions.subscribe(keys.control, (message) => this.#receive(message));
  }

  close(): void {
    this.#subscription?.close();
  }

  #receive(message: string | null): void {
    if (message === null) {
      this.#lookAtRecords().catch((error: unknown) => {
        this.#options.logger.debug(
          { reason: String(error) },
          "Records not read; the next reconnect tries again",
        );
      });
      return;
    }
    const space = message.indexOf(" ");
    const order = message.slice(0, space);
    const rest = message.slice(space + 1);
    if (order === "cancel") this.#cancel(rest);
    if (order === "ask") void this.#options.responder.receive(rest);
  }

  async #lookAtRecords(): Promise<void> {
    const { redis, keys, runners } = this.#options;
    const jobIds = runners().flatMap((runner) => runner.runningJobIds);
    const answers = jobIds.map((jobId) => redis.hget(keys.record(jobId), "cancel_requested"));
    for (const [index, requested] of (await Promise.all(answers)).entries()) {
      if (requested !== null) this.#cancel(jobIds[index] ?? "");
    }
  }

  #cancel(jobId: string): void {
    for (const runner of this.#options.runners()) runner.cancel(jobId);
  }
}
