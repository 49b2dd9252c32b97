import type { Tool } from "@millrace/contracts";

/**
 * What is done about a call that was begun and of whose end nothing is known, because its worker or its server died:
 *
 * | the tool                               | in a chat                            | in a tool job                           |
 * | -------------------------------------- | ------------------------------------ | --------------------------------------- |
 * | only reads, or may be called twice     | it is called again                   | it is called again                      |
 * | any other                              | the model is told                    | the job fails with `outcome_unknown`    |
 * | any other, with `on_unknown: "retry"`  | (a chat job has no such setting)     | it is called again                      |
 *
 * After a server's death it is called again once. A call that is known not to have begun is simply made.
 * Hints: MCP specification, "ToolAnnotations".
 */
export function mayRunAgain(annotations: Tool["annotations"]): boolean {
  return annotations?.["readOnlyHint"] === true || annotations?.["idempotentHint"] === true;
}
