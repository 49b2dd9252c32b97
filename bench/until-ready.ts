import { setTimeout } from "node:timers/promises";
import { sendJob } from "./send-job.ts";
import type { Target } from "./target.ts";

const RETRY_MS = 50;

/** Waits until the api listens, then sends the first job, which waits for the worker. */
export async function untilReady(target: Target, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await sendJob(target, { signal });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
      await setTimeout(RETRY_MS, undefined, { signal });
    }
  }
}
