/** The priority of jobs that come back from parking: they go before all new ones. */
export const RESUMED_PRIORITY = 1;

/** No job goes without a priority: BullMQ runs those first. */
const FIRST_PRIORITY = RESUMED_PRIORITY + 1;

/**
 * How many jobs of each key (with the weight 1) interleave with those of others, one by one. Behind them keys share by
 * the size of their windows: were the places to count for ever, a key with few jobs at a time would always go first,
 * and one with many never.
 */
const PLACES = 10;

/**
 * BullMQ's priority of a job by its place among the admitted jobs of its key, divided by the key's weight: 2 … 11 for
 * the first places, 12 for all behind. Of equal ones BullMQ takes the one that was added first.
 */
export function queuePriority(place: number): number {
  return FIRST_PRIORITY + Math.min(place, PLACES);
}
