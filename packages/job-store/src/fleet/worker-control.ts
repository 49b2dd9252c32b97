import type { Redis } from "ioredis";
import type { ChannelSubscription, ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import type { FleetResponder } from "./fleet-responder.ts";
import type { JobRunner } from "../run/job-runner.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";

/** How often a worker looks for what no message has told it of, in milliseconds. */
const LOOK_INTERVAL_MS = 2_000;

export interface WorkerControlOptions {
  redis: Redis;
  subscriptions: ChannelSubscriptions;
  keys: Keys;
  logger: Logger;
  runners: () => readonly JobRunner[];
  responder: FleetResponder;
}

/**
 * Does what the control channel asks of this worker. Messages only wake, and may be lost, with a connection or without:
 * the records of the jobs that run here say what was asked.
 */
export class WorkerControl {
  readonly #options: WorkerControlOptions;
  #subscription: ChannelSubscription | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(options: WorkerControlOptions) {
    this.#options = options;
  }

  /** Begins to listen. */
  start(): void {
    const { subscriptions, keys } = this.#options;
    this.#subscription ??= subscriptions.subscribe(keys.control, (message) => this.#receive(message));
    this.#timer ??= setInterval(() => void this.#look(), LOOK_INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#subscription?.close();
  }

  #receive(message: string | null): void {
    if (message === null) {
      void this.#look();
      return;
    }
    const space = message.indexOf(" ");
    const order = message.slice(0, space);
    const rest = message.slice(space + 1);
    // It may be late, and meant for the job as it was before it was retried.
    if (order === "cancel" && this.#jobIds.includes(rest)) void this.#lookAt([rest]);
    if (order === "ask") void this.#options.responder.receive(rest);
  }

  /** While Redis is away, a look waits for it, and no other one begins. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    await this.#lookAt(this.#jobIds);
    this.#isLooking = false;
  }

  /** Stops those of these jobs whose records ask for it. Never rejects: the next look tries again. */
  async #lookAt(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0) return;
    const { redis, keys, logger } = this.#options;
    try {
      const pipeline = redis.pipeline();
      for (const jobId of jobIds) pipeline.hget(keys.record(jobId), "cancel_requested");
      for (const [index, requested] of pipelineReplies(await pipeline.exec()).entries()) {
        if (requested !== null) this.#cancel(jobIds[index] ?? "");
      }
    } catch (error) {
      logger.debug({ reason: String(error) }, "Records not read; the next look tries again");
    }
  }

  /** Those that run here. */
  get #jobIds(): string[] {
    return this.#options.runners().flatMap((runner) => runner.runningJobIds);
  }

  #cancel(jobId: string): void {
    for (const runner of this.#options.runners()) runner.cancel(jobId);
  }
}
