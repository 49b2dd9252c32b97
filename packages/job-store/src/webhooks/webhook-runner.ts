import { DelayedError, type Job, type Worker } from "bullmq";
import type { Redis } from "ioredis";
import { closeWorker } from "../bullmq/close-worker.ts";
import { openWorker } from "../bullmq/open-worker.ts";
import { webhookId, type DeliveryRecords } from "./delivery-records.ts";
import { systemClock, type Clock } from "../clock.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { isWholeLog } from "../reading/whole-log.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { parseRecord } from "../record.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { nextStep } from "./delivery-policy.ts";
import { webhookBody } from "./payload.ts";
import { ReceiverPlaces } from "./receiver-places.ts";
import { WEBHOOK_QUEUE, type QueuedDelivery } from "./webhook-queue.ts";

/** How many deliveries are under way at once; see {@link ReceiverPlaces}. */
const CONCURRENCY = 100;

/** How long a delivery that found no place waits at least; at most twice as long. */
const NO_PLACE_DELAY_MS = 5_000;

/** How long a delivery waits when something of ours has failed, and not the receiver. */
const FAULT_DELAY_MS = 1_000;

export interface WebhookMessage {
  tenant: string;
  url: string;
  /** The same at every attempt. */
  id: string;
  body: string;
  /** The worker shuts down: another one delivers. */
  signal: AbortSignal;
}

/** The receiver's answer; `statusCode` is null when it gave none. `error`: why it is no success. */
export interface WebhookAnswer {
  statusCode: number | null;
  error: string | null;
}

/** Sends one message once. Rejects only when `signal` aborts. */
export type SendWebhook = (message: WebhookMessage) => Promise<WebhookAnswer>;

export interface WebhookRunnerOptions {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  /** BullMQ's connection. */
  queueRedis: Redis;
  records: DeliveryRecords;
  send: SendWebhook;
  logger: Logger;
}

/** The receiver has not taken it. BullMQ starts the delivery again later. */
class TryLater extends Error {
  readonly delayMs: number;

  constructor(delayMs: number) {
    super("the receiver has not taken it");
    this.delayMs = delayMs;
  }
}

/** Delivers webhooks: at least once, and again until the receiver takes it, says 410, or a day is over. */
export class WebhookRunner {
  readonly #options: WebhookRunnerOptions;
  readonly #worker: Worker<QueuedDelivery>;
  readonly #stopping = new AbortController();
  readonly #places = new ReceiverPlaces();
  #closing: Promise<void> | null = null;

  constructor(options: WebhookRunnerOptions) {
    this.#options = options;
    this.#worker = openWorker(
      WEBHOOK_QUEUE,
      (job: Job<QueuedDelivery>, token) => this.#deliver(job, token),
      options,
      {
        concurrency: CONCURRENCY,
        settings: {
          backoffStrategy: (_attempts, _type, error) =>
            error instanceof TryLater ? error.delayMs : FAULT_DELAY_MS,
        },
      },
    );
    this.#worker.on("failed", (job, error) => {
      if (error instanceof TryLater || this.#stopping.signal.aborted) return;
      options.logger.warn(
        { job_id: job?.data.jobId, delivery: job?.data.n, reason: error.message },
        "Webhook not sent; trying again",
      );
    });
  }

  start(): void {
    if (this.#closing) return;
    this.#worker.run().catch((error: unknown) => {
      this.#options.logger.error({ reason: String(error) }, "The webhooks stopped unexpectedly");
    });
  }

  /** Takes no more. What is under way is broken off, and another worker delivers it. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    const closed = closeWorker(this.#worker);
    this.#stopping.abort(new Error("the worker shuts down"));
    await closed;
  }

  async #deliver(job: Job<QueuedDelivery>, token: string | undefined): Promise<void> {
    const { records } = this.#options;
    const { jobId, n, generation } = job.data;
    const deliveries = await records.read(jobId);
    const delivery = deliveries.get(n);
    // It has been replayed since, or the job has expired.
    if (delivery?.status !== "pending" || delivery.generation !== generation) return;
    const isGone = [...deliveries.values()].some(({ status }) => status === "gone");
    if (isGone && generation === 0) {
      await records.record(job.data, generation, { status: "gone", nextAt: null }, null);
      return;
    }
    const message = await this.#message(job.data);
    if (!message) return;
    using place = await this.#places.take(message.tenant, new URL(message.url).origin, message.signal);
    if (place) {
      await this.#attempt(job, message);
    } else {
      // Not an attempt: nothing has been sent.
      await job.moveToDelayed(Date.now() + NO_PLACE_DELAY_MS * (1 + Math.random()), token);
      throw new DelayedError();
    }
  }

  async #attempt(job: Job<QueuedDelivery>, message: WebhookMessage): Promise<void> {
    const { records, clock, logger } = this.#options;
    const { jobId, n, generation } = job.data;
    const at = clock.now();
    const started = performance.now();
    const { statusCode, error } = await this.#options.send(message);
    const attempt = {
      at: new Date(at).toISOString(),
      duration_ms: Math.round(performance.now() - started),
      status_code: statusCode,
      error,
    };
    // BullMQ stamps a delivery with the clock of the machine that adds it, and not with Redis'.
    const elapsedMs = Math.max(0, systemClock.now() - job.timestamp);
    const attempts = job.attemptsMade + 1;
    const step = nextStep({ statusCode, attempts, elapsedMs, random: Math.random() });
    const nextAt = step.status === "pending" ? clock.now() + step.delayMs : null;
    await records.record(job.data, generation, { status: step.status, nextAt }, attempt);
    // Never the URL: it may hold a secret.
    logger.info({ job_id: jobId, delivery: n, status: step.status, status_code: statusCode }, "Webhook sent");
    if (step.status === "pending") throw new TryLater(step.delayMs);
  }

  /** Null when the job has expired meanwhile. */
  async #message({ jobId, n }: QueuedDelivery): Promise<WebhookMessage | null> {
    const { redis, keys } = this.#options;
    const log = keys.log(jobId);
    const reads = redis
      .pipeline()
      .hgetall(keys.record(jobId))
      .lindex(log, 0)
      .lindex(log, n - 1);
    const [hash, first, stored] = pipelineReplies(await reads.exec());
    const record = parseRecord(hash as Record<string, string>);
    if (!record || !isWholeLog(first) || typeof stored !== "string") return null;
    const { webhook } = (JSON.parse(first) as QueuedEvent).request;
    if (!webhook) return null;
    const body = webhookBody(jobId, n, stored, first);
    const id = webhookId({ jobId, n });
    return { tenant: record.tenant, url: webhook.url, id, body, signal: this.#stopping.signal };
  }
}
