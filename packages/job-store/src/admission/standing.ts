import { lineId, type LineName } from "./line-name.ts";

/** What a process was told last of a line. */
export interface Heard {
  /** Jobs of the key in BullMQ, before those that were entered then. */
  before: number;
  /** Their priority, when all have the same; else -1. */
  priority: number;
  /** Jobs in line or at a gate. */
  waiting: number;
  /** Jobs that are not due yet. */
  later: number;
}

/** After this nobody knows how many of the jobs are still there, in milliseconds. */
const FRESH_MS = 1_000;

/** So few jobs are taken to be gone when nothing has been heard for a while. */
const FEW = 10;

/** Up to this share of its window a key is well below it. */
const SAFE_SHARE = 0.75;

/**
 * What a process that submits knows of one line. A key that is well below its window needs no answer from the line
 * before its jobs go into BullMQ, which saves a round trip. What it knows may be a little old, so a window may be
 * exceeded by what several processes submit at the same moment.
 */
export class Standing {
  #heardAt = Number.NEGATIVE_INFINITY;
  #known = 0;
  #later = 0;
  #priority = -1;
  #isLine = true;

  /** The place (0 is the first) of the first of `count` jobs of one priority; null when the line has to be asked. */
  place(
    count: number,
    priority: number,
    { size, maxQueued, now }: { size: number; maxQueued: number; now: number },
  ): number | null {
    if (this.#isLine) return null;
    const isFresh = now - this.#heardAt <= FRESH_MS;
    if (!isFresh && this.#known > FEW) return null;
    const known = isFresh ? this.#known : 0;
    if (known > 0 && this.#priority !== priority) return null;
    // Jobs that are taken to be gone may be there all the same.
    const there = (isFresh ? known : FEW) + count;
    if (there > size * SAFE_SHARE || there + this.#later > maxQueued * SAFE_SHARE) return null;
    this.#known = known + count;
    this.#priority = priority;
    return known;
  }

  /** `now` is monotonic, in milliseconds; `entered` of `priority` (-1 when they differ) have come in besides. */
  heard(
    { before, priority, waiting, later }: Heard,
    entered: { count: number; priority: number },
    now: number,
  ): void {
    this.#heardAt = now;
    this.#isLine = waiting > 0;
    this.#known = before + entered.count;
    this.#later = later;
    this.#priority = before === 0 || priority === entered.priority ? entered.priority : -1;
  }
}

/** Keys come and go, and nobody says when one has gone. A line that has been forgotten is asked once more. */
const STANDINGS_MAX = 10_000;

/** What a process knows of the lines in which it has put jobs. */
export class Standings {
  readonly #standings = new Map<string, Standing>();

  of(line: LineName): Standing {
    const id = lineId(line);
    let standing = this.#standings.get(id);
    if (!standing) {
      if (this.#standings.size >= STANDINGS_MAX) this.#standings.clear();
      this.#standings.set(id, (standing = new Standing()));
    }
    return standing;
  }
}
