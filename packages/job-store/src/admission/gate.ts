/**
 * A cap of its own for some jobs of one key, in front of the key's line: at most `limit` of them are past it at a
 * time, in line or admitted; the others wait at the gate, in the order in which they came. A job that ends or parks
 * lets the next one pass. One that comes back, also for its next attempt, runs at once: they may be more than `limit` then,
 * and no other passes until they are fewer. Tool jobs and chat jobs of one gate are counted apart.
 *
 * A gate is there as long as jobs stand behind it: nobody has to make or delete it. Its limit is what the last job
 * that left was submitted with.
 */
export interface Gate {
  /** Letters, digits, `_`, `-` and `.`. A gate belongs to its key, so other keys may use the same id. */
  id: string;
  /** 1 or more. */
  limit: number;
}
