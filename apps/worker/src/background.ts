import type { WorkerStore } from "@millrace/job-store";
import type { WorkerConfig } from "./config.ts";
import { createWebhookSender } from "./webhooks/webhook-sender.ts";

/** What a worker does beside jobs: it submits those of schedules when they are due, and delivers webhooks. */
export function createBackground(store: WorkerStore, { webhooks }: Pick<WorkerConfig, "webhooks">) {
  const sender = createWebhookSender(webhooks);
  const runners = [store.createScheduleRunner(), store.createWebhookRunner(sender.send)];
  return {
    start(): void {
      for (const runner of runners) runner.start();
    },
    /** What is under way and cannot end at once is another worker's to do again. */
    async close(): Promise<void> {
      await Promise.all(runners.map((runner) => runner.close()));
      await sender.close();
    },
  };
}
