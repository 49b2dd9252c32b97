import { JSON_DEPTH_MAX } from "@millrace/contracts";

/** `\u001f`: no character takes more. */
const BYTES_OF_CHARACTER = 6;
/** `-1.2345678901234567e+300`, and a comma. */
const BYTES_OF_SCALAR = 26;
/** Quotation marks or brackets, a colon, a comma. */
const BYTES_AROUND = 4;

function ownBytes(value: unknown): number {
  if (typeof value === "string") return value.length * BYTES_OF_CHARACTER + BYTES_AROUND;
  if (typeof value !== "object" || value === null) return BYTES_OF_SCALAR;
  if (Array.isArray(value)) return BYTES_AROUND;
  return Object.keys(value).reduce((sum, key) => sum + ownBytes(key), BYTES_AROUND);
}

/** At least the bytes of a value's JSON; null when it nests deeper than {@link JSON_DEPTH_MAX}. Goes by levels. */
function boundOf(value: unknown): number | null {
  let bytes = 0;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > JSON_DEPTH_MAX) return null;
    const next: unknown[] = [];
    for (const item of level) {
      bytes += ownBytes(item);
      if (typeof item === "object" && item !== null) for (const part of Object.values(item)) next.push(part);
    }
    level = next;
  }
  return bytes;
}

export type SizeVerdict = { is: "fine" } | { is: "too_deep" } | { is: "too_large"; bytes: number };

/** Whether the JSON of a value has at most `limit` bytes. Most values are so small that none need be written for it. */
export function judgeSize(value: unknown, limit: number): SizeVerdict {
  const bound = boundOf(value);
  if (bound === null) return { is: "too_deep" };
  if (bound <= limit) return { is: "fine" };
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes <= limit ? { is: "fine" } : { is: "too_large", bytes };
}
