import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";

export interface WebhookNoteDependencies {
  redis: Redis;
  keys: Keys;
  clock: Clock;
}

/**
 * Notes that a job's webhook may have something to tell. Written before the event itself, so that a crash between the two,
 * or before the delivery is queued, loses nothing: a worker looks at every note. Score: when it is looked at, in
 * milliseconds since 1970.
 */
export async function noteWebhook(
  jobId: string,
  { redis, keys, clock }: WebhookNoteDependencies,
): Promise<void> {
  await redis.zadd(keys.webhooks, clock.now(), jobId);
}
