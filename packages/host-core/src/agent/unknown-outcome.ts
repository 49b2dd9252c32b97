import type { Tool } from "@millrace/contracts";

/**
 * What is done about a call that was begun and of whose end nothing is known, because the worker died: a tool that
 * only reads, or that may be called twice, is called again; of any other the model is told that nothing is known.
 * Hints: MCP specification, "ToolAnnotations".
 */
export function mayRunAgain(annotations: Tool["annotations"]): boolean {
  return annotations?.["readOnlyHint"] === true || annotations?.["idempotentHint"] === true;
}

export const UNKNOWN_OUTCOME =
  "The outcome of this call is unknown: the worker that made it died before it had an answer. It may or may not have " +
  "happened. Find out before you call it again.";
