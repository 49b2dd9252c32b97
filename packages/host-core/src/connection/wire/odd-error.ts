import { isShallow } from "@millrace/contracts";

/** An error of an answer that is no object with a message says what it is about in its own way. */
export function describeOddError(error: unknown): string {
  if (typeof error === "string") return error;
  return isShallow(error) ? `without a message: ${JSON.stringify(error)}` : "without a message";
}
