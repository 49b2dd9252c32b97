import type { WorkerStore } from "@millrace/job-store";
import type { Logger } from "pino";
import type { WorkerConfig } from "./config.ts";
import { createWebhookSender } from "./webhooks/webhook-sender.ts";

interface BackgroundOptions {
  store: WorkerStore;
  webhooks: WorkerConfig["webhooks"];
  logger: Logger;
}

/**
 * What a worker does beside jobs: it submits those of schedules when they are due, and delivers webhooks. Without a
 * secret to sign them with it leaves them to others: each try that fails puts the next one off.
 */
export function createBackground({ store, webhooks, logger }: BackgroundOptions) {
  const sender = webhooks.secrets.length > 0 ? createWebhookSender(webhooks) : null;
  const runners = [store.createScheduleRunner(), ...(sender ? [store.createWebhookRunner(sender.send)] : [])];
  return {
    start(): void {
      if (!sender) logger.info("This worker delivers no webhooks: WEBHOOK_SECRET is not set");
      for (const runner of runners) runner.start();
    },
    /** What is under way and cannot end at once is another worker's to do again. */
    async close(): Promise<void> {
      await Promise.all(runners.map((runner) => runner.close()));
      await sender?.close();
    },
  };
}
