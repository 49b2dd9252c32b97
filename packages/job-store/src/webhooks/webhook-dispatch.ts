import { isTerminal, type JobStatus } from "@millrace/contracts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { isWholeLog } from "../reading/whole-log.ts";
import type { Logger } from "../logger.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import type { DeliveryRecords } from "./delivery-records.ts";
import { dueEvents } from "./due-events.ts";
import type { WebhookNoteDependencies } from "./webhook-notes.ts";
import type { WebhookQueue } from "./webhook-queue.ts";

/** When a note is looked at again whose event is not there yet, or whose look failed. */
const LOOK_AGAIN_MS = 10_000;
const PAGE_LENGTH = 200;

export interface WebhookDispatchOptions extends WebhookNoteDependencies {
  records: DeliveryRecords;
  queue: WebhookQueue;
  logger: Logger;
}

/**
 * Puts what a job's webhook has to be told into the queue of deliveries. Each step can be done again: a delivery is
 * numbered by its event, and one that is queued stays as it is.
 */
export class WebhookDispatch {
  readonly #options: WebhookDispatchOptions;

  constructor(options: WebhookDispatchOptions) {
    this.#options = options;
  }

  /** Right after the event has been written. Never rejects: the sweeper looks at what it leaves. */
  async afterEvent(jobId: string): Promise<void> {
    await this.#look(jobId, { isWritten: true });
  }

  /** Looks at the notes whose time has come. */
  async sweep(): Promise<void> {
    const { redis, keys, clock } = this.#options;
    const noted = await redis.zrangebyscore(keys.webhooks, "-inf", clock.now(), "LIMIT", 0, PAGE_LENGTH);
    await Promise.all(noted.map((jobId) => this.#look(jobId, { isWritten: false })));
  }

  /** `isWritten`: what has been noted is in the log, so the note has served. */
  async #look(jobId: string, { isWritten }: { isWritten: boolean }): Promise<void> {
    const { redis, keys, clock, logger } = this.#options;
    const again = clock.now() + LOOK_AGAIN_MS;
    try {
      await redis.zadd(keys.webhooks, again, jobId);
      const isOver = await this.#dispatch(jobId);
      if (isWritten || isOver) await redis.millraceSettleNote(keys.webhooks, jobId, again);
    } catch (error) {
      logger.warn({ job_id: jobId, reason: String(error) }, "A webhook is not queued yet; looking again");
    }
  }

  /** Whether there is nothing to come: the job has ended, or is gone. */
  async #dispatch(jobId: string): Promise<boolean> {
    const { redis, keys, records, queue, clock } = this.#options;
    const reads = redis.pipeline().hget(keys.record(jobId), "status").lindex(keys.log(jobId), 0);
    const [status, first] = pipelineReplies(await reads.exec());
    const webhook = isWholeLog(first) ? (JSON.parse(first) as QueuedEvent).request.webhook : undefined;
    if (typeof status !== "string" || !webhook) return true;
    const due = await dueEvents(jobId, webhook, this.#options);
    for (const { n, event } of due) {
      await records.open({ jobId, n }, { event, createdAt: clock.now() });
    }
    // There may be some of calls that have been decided since.
    if (due.length === 0) await records.settle(jobId);
    // Replays too.
    for (const [n, delivery] of await records.read(jobId)) {
      if (delivery.status === "pending") await queue.add({ jobId, n, generation: delivery.generation });
    }
    return isTerminal(status as JobStatus);
  }
}
