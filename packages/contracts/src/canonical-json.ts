import { isJsonObject } from "./json-object.ts";

/** JSON that does not depend on the order of keys. For values without cycles. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (!isJsonObject(part)) return part;
    return Object.fromEntries(
      Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : Number(one > other))),
    );
  });
}
