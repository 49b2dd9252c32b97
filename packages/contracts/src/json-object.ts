export type JsonObject = Readonly<Record<string, unknown>>;

/** Of a value that JSON was parsed to: whether it is an object, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
