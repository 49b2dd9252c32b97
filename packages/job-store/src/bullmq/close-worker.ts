import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "bullmq";

/** While Redis is away, BullMQ's close does not come to an end. In milliseconds. */
const CLOSE_MS = 2_000;

/** Takes no more. Resolves once what is under way has ended, or when the time for it is over. */
export async function closeWorker(worker: Worker): Promise<void> {
  await Promise.race([worker.close(), delay(CLOSE_MS, undefined, { ref: false })]);
}
