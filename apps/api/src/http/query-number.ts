import { z } from "zod";

/** `Number` would read an empty text, `0x10` and `1e3` as well. */
const DIGITS = /^\d{1,15}$/;

/**
 * A whole number in a query, where everything comes as text. What is none is refused with `message`; the documentation
 * shows the number as `rule` has it.
 */
export function queryNumber<Rule extends z.ZodType<number>>(rule: Rule, message = "must be a whole number") {
  return z.preprocess((text, context) => {
    // A rule may have a default for what is not there.
    if (text === undefined) return text;
    if (typeof text === "string" && DIGITS.test(text)) return Number(text);
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }, rule);
}
