import type { JobsOptions } from "bullmq";

/**
 * Options of every entry. A processor that throws has not finished: a job that has failed is an outcome like any other, written
 * to its record. So BullMQ starts it again, for ever, a second later, and never decides that it has failed. The records
 * tell how it has ended; BullMQ keeps nothing of it.
 */
export const UNTIL_DONE = {
  attempts: 1e9,
  backoff: 1_000,
  stackTraceLimit: 1,
  removeOnComplete: true,
  removeOnFail: true,
} satisfies JobsOptions;
