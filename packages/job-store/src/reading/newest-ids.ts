import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import { EVERY_TENANT, type Viewer } from "./viewer.ts";

interface NewestIdsOptions {
  /** The sorted set of a tenant's ids. */
  indexOf: (tenant: string) => string;
  viewer: Viewer;
  /** Only ids before this one. */
  cursor: string | undefined;
  count: number;
}

/** Ids that a viewer may see, newest first: ids sort by their age, whosever they are. */
export async function newestIds(
  { redis, keys }: { redis: Redis; keys: Keys },
  { indexOf, viewer, cursor, count }: NewestIdsOptions,
): Promise<string[]> {
  const newest = cursor === undefined ? "+" : `(${cursor}`;
  const tenants = viewer === EVERY_TENANT ? await redis.smembers(keys.tenants) : [viewer];
  const lists = await Promise.all(
    tenants.map((tenant) => redis.zrevrangebylex(indexOf(tenant), newest, "-", "LIMIT", 0, count)),
  );
  return lists.length === 1 ? (lists[0] ?? []) : lists.flat().toSorted().toReversed().slice(0, count);
}
