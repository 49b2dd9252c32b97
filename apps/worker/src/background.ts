import type { WorkerStore } from "@millrace/job-store";
import type { Logger } from "pino";
import type { WorkerConfig } from "./config.ts";
import type { createWebhookSender } from "./webhooks/webhook-sender.ts";

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
  const sender = webhooks.secrets.length > 0 ? loadSender(webhooks) : null;
  const deliveries = sender && store.createWebhookRunner(async (message) => (await sender).send(message));
  const runners = [store.createScheduleRunner(), ...(deliveries ? [deliveries] : [])];
  return {
    start(): void {
      if (!sender) logger.info("This worker delivers no webhooks: WEBHOOK_SECRET is not set");
      for (const runner of runners) runner.start();
    },
    /** What is under way and cannot end at once is another worker's to do again. */
    async close(): Promise<void> {
      await Promise.all(runners.map((runner) => runner.close()));
      await (await sender)?.close();
    },
  };
}

/** Most workers deliver no webhooks, and its HTTP client takes a while to load. */
async function loadSender(
  webhooks: WorkerConfig["webhooks"],
): Promise<ReturnType<typeof createWebhookSender>> {
  const sender = await import("./webhooks/webhook-sender.ts");
  return sender.createWebhookSender(webhooks);
}
