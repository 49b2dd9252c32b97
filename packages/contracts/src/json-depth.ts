/** Deeper values make recursive code run out of stack: serialisers, validators, the servers behind. */
export const JSON_DEPTH_MAX = 100;

/**
 * Whether every number can be written as JSON again: `1e999` reads as infinity. Goes by levels, as {@link isShallow}
 * does.
 */
export function hasFiniteNumbers(value: unknown): boolean {
  let level: unknown[] = [value];
  while (level.length > 0) {
    if (level.some((item) => typeof item === "number" && !Number.isFinite(item))) return false;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return true;
}

/** Whether a JSON value has at most this many levels; looks at it without recursion. */
export function isShallow(value: unknown, levels = JSON_DEPTH_MAX): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return false;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return true;
}

/** Whether a JSON value is made of at most `max` values, itself and keys' values included. */
export function hasAtMostValues(value: unknown, max: number): boolean {
  return countValues(value, max) <= max;
}

/** Of how many values a JSON value is made, itself and keys' values included; `max + 1` if of more than `max`. */
export function countValues(value: unknown, max: number): number {
  const open: unknown[] = [value];
  let count = 1;
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item !== "object" || item === null) continue;
    const parts: unknown[] = Array.isArray(item) ? item : Object.values(item);
    count += parts.length;
    if (count > max) return max + 1;
    // Not all at once: each would be an argument, on the stack.
    for (const part of parts) open.push(part);
  }
  return count;
}
