/** How much one step of priority adds to the score of an admitted entry; `scripts/line.lua` writes it. */
const PRIORITY_UNIT = 2 ** 42;

/** Reads from the score of an admitted entry when it was admitted (ms since 1970). */
export function readAdmittedAt(score: number): number {
  return score % PRIORITY_UNIT;
}
