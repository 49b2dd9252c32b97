import type { Redis } from "ioredis";

/** A page of a log ends before it is larger, unless its first event alone is: one event may have 8 MiB. */
const PAGE_BYTES_MAX = 1_024 * 1_024;
const PAGE_LENGTH = 500;

/** Some of the events of a log as they are stored, in order. */
export interface StoredPage {
  stored: string[];
  hasMore: boolean;
  /** There is no log: the job's retention is over. */
  isGone: boolean;
}

/** At most `limit` events after an id; fewer where they are large, and none only where there are none. */
export async function readStored(
  redis: Redis,
  log: string,
  { after, limit }: { after: number; limit: number },
): Promise<StoredPage> {
  const [hasMore, stored, isGone] = await redis.millraceReadLog(log, after, limit, PAGE_BYTES_MAX);
  return { stored, hasMore: hasMore === 1, isGone: isGone === 1 };
}

/** All events of a log after an id, read by pages. */
export async function* storedEvents(redis: Redis, log: string, after: number): AsyncGenerator<string> {
  for (let last = after, hasMore = true; hasMore;) {
    const page = await readStored(redis, log, { after: last, limit: PAGE_LENGTH });
    yield* page.stored;
    last += page.stored.length;
    hasMore = page.hasMore;
  }
}
