/** Values of an answer, for which its provider's types vouch, but no server that only imitates it. */

/** What should be a text; empty where it is none. */
export function readText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What should be a count of tokens; `otherwise` where it is none. A negative one would give a budget back. */
export function readCount(value: unknown, otherwise = 0): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : otherwise;
}
