/** Deeper values make recursive code run out of stack: serialisers, validators, the servers behind. */
export const JSON_DEPTH_MAX = 100;

/** Whether every number can be written as JSON again: `1e999` reads as infinity. Goes by levels, as {@link isShallow} does. */
export function hasFiniteNumbers(value: unknown): boolean {
  let level: unknown[] = [value];
  while (level.length > 0) {
    if (level.some((item) => typeof item === "number" && !Number.isFinite(item))) return false;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return true;
}

/** Whether a JSON value nests at most {@link JSON_DEPTH_MAX} levels; looks at it without recursion. */
export function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > JSON_DEPTH_MAX) return false;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return true;
}
