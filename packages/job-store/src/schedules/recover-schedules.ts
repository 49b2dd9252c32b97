import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import type { ScheduleRecords } from "./schedule-records.ts";
import { parseNote } from "./stored-schedule.ts";

/** A change takes milliseconds. One that is noted for longer than this was cut off. */
const CUT_OFF_AFTER_MS = 5_000;
const PAGE_LENGTH = 100;

/**
 * Tells BullMQ of changes that were cut off before it was told. A note whose change fails goes behind the others, which
 * would never be looked at where many fail.
 */
export async function recoverSchedules({
  redis,
  keys,
  clock,
  records,
  logger,
}: {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  records: ScheduleRecords;
  logger: Logger;
}): Promise<void> {
  const now = clock.now();
  const before = now - CUT_OFF_AFTER_MS;
  const notes = await redis.zrangebyscore(keys.scheduleChanges, "-inf", before, "LIMIT", 0, PAGE_LENGTH);
  for (const note of notes) {
    const { tenant, id } = parseNote(note);
    try {
      await records.settle(tenant, id, note);
    } catch (error) {
      logger.warn({ schedule: id, reason: String(error) }, "A changed schedule is not planned yet");
      await redis.zadd(keys.scheduleChanges, "XX", now, note);
    }
  }
}
