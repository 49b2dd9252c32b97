import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

const LOOK_EVERY_MS = 20;
const LOOKS = 250;

/**
 * Resolves when Redis has given all that it has acknowledged to the system, or cannot be asked. With `appendfsync
 * everysec` it holds writes back in its own memory for up to 2 s while an earlier sync is under way (redis.conf,
 * "appendfsync"); its death just then costs them, as power loss does, and nobody promises otherwise.
 */
export async function untilWritten(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on("error", () => {}); // it is away: then there is nothing to wait for
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      const info = await redis.info("persistence");
      if (info.includes("aof_pending_bio_fsync:0\r") && info.includes("aof_buffer_length:0\r")) return;
      await delay(LOOK_EVERY_MS);
    }
  } catch {
    // See above.
  } finally {
    redis.disconnect();
  }
}
