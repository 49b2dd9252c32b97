import { z } from "zod";

/**
 * A schema that judges only what a cheap look at the raw value lets through: zod makes an issue for each wrong part,
 * and a request of many megabytes has millions of parts.
 * @param problem What is wrong with a value as a whole; null: the schema judges.
 */
export function checkFirst<Schema extends z.ZodType>(
  problem: (value: unknown) => string | null,
  schema: Schema,
) {
  return z.preprocess<unknown, Schema, z.input<Schema>>((value, context) => {
    const message = problem(value);
    if (message !== null) context.addIssue({ code: "custom", message });
    return value;
  }, schema);
}

/** For {@link checkFirst}: refuses an object with more entries, or with one that would be lost. */
export function atMostEntries(max: number): (value: unknown) => string | null {
  return (value) => {
    if (typeof value !== "object" || value === null) return null;
    return Object.keys(value).length > max ? `at most ${max} entries` : noPrototypeKey(value);
  };
}

/** For {@link checkFirst}: refuses the one key that zod leaves out of a record without a word. */
export function noPrototypeKey(value: unknown): string | null {
  const isLost = typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__");
  return isLost ? 'the key "__proto__" would be lost: give it another name' : null;
}
