/** What a priority is worth in the score of an admitted entry; `scripts/line.lua` writes it. */
const PRIORITY_UNIT = 2 ** 42;

/** Reads the score of an admitted entry: the user's priority, and when it was admitted (ms since 1970). */
export function readAdmittedScore(score: number): { priority: number; admittedAt: number } {
  const priority = Math.floor(score / PRIORITY_UNIT);
  return { priority, admittedAt: score - priority * PRIORITY_UNIT };
}
