/**
 * An error and its causes in one line: `fetch failed: connect ECONNREFUSED 127.0.0.1:9`.
 * Node's fetch says what happened only in the cause, and its AggregateError only in a code.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current !== undefined && current !== null && parts.length < 5;) {
    if (!(current instanceof Error)) {
      parts.push(typeof current === "string" ? current : JSON.stringify(current));
      break;
    }
    const code = "code" in current && typeof current.code === "string" ? current.code : current.name;
    const text = current.message || code;
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current.cause;
  }
  return parts.join(": ") || "unknown error";
}
