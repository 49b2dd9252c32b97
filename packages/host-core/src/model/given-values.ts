import { isJsonObject, type JsonObject } from "@millrace/contracts";

/** Values of an answer, for which its provider's types vouch, but no server that only imitates it. */

/** What should be a text; empty where it is none. */
export function readText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What should be a count of tokens; `otherwise` where it is none. A negative one would give a budget back. */
export function readCount(value: unknown, otherwise = 0): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : otherwise;
}

/** What should be an object; without any member where it is none. */
export function readObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** What should be a list; empty where it is none. */
export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
