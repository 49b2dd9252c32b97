import type { Delivery } from "@millrace/contracts";
import type { JobSnapshot } from "../reading/job-view.ts";
import type { Answer } from "../redis/answer.ts";
import type { Viewer } from "../reading/viewer.ts";
import { DeliveryRecords } from "./delivery-records.ts";
import { noteWebhook, type WebhookNoteDependencies } from "./webhook-notes.ts";

export interface DeliveriesOptions extends WebhookNoteDependencies {
  answer: Answer;
  findJob: (viewer: Viewer, jobId: string) => Promise<JobSnapshot | null>;
}

/** What clients may do with the deliveries of a job. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #records: DeliveryRecords;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#records = new DeliveryRecords(options.redis, options.keys);
  }

  /** In the order of their events. Null when the viewer has no such job. */
  async list(viewer: Viewer, jobId: string): Promise<Delivery[] | null> {
    if (!(await this.#options.findJob(viewer, jobId))) return null;
    const deliveries = await this.#options.answer(() => this.#records.read(jobId));
    return [...deliveries.values()].map(({ view }) => view);
  }

  /**
   * Delivers once more, at once, under the same webhook id. Null when the viewer has no such job; `unknown` when the job
   * has no such delivery.
   */
  async replay(viewer: Viewer, jobId: string, n: number): Promise<Delivery | "unknown" | null> {
    const { answer, findJob } = this.#options;
    if (!(await findJob(viewer, jobId))) return null;
    return await answer(async () => {
      if (!(await this.#records.replay({ jobId, n }))) return "unknown";
      // A worker takes it from there. Should this get lost, another replay does no harm.
      await noteWebhook(jobId, this.#options);
      return (await this.#records.read(jobId)).get(n)?.view ?? "unknown";
    });
  }
}
