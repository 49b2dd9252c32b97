import type { AssistantBlock } from "@millrace/contracts";

/** The text of what a model has said, without its thinking and its calls. */
export function saidText(content: readonly AssistantBlock[]): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
