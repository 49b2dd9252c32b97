import type { Job, ToolJobResult } from "@millrace/contracts";
import { printableLine, shortened } from "./printable.ts";

type Answer = Pick<ToolJobResult, "content" | "structured_content">;

/** A tool's answer for a person: its text, and of everything else what it is. */
export function answerText({ content, structured_content: structured }: Answer): string {
  const parts = content.map((block) =>
    block.type === "text" && typeof block["text"] === "string" ? block["text"] : blockName(block),
  );
  if (parts.length === 0 && structured) return JSON.stringify(structured, null, 2);
  return parts.join("\n");
}

function blockName(block: Answer["content"][number]): string {
  const details = [block["mimeType"], block["uri"], block["name"]].filter((part) => typeof part === "string");
  return `[${[block.type, ...details].join(" ")}: --json shows it]`;
}

/** What a job is about, on one line. */
export function jobSummary({ request }: Job): string {
  if (request.type === "tool") {
    const tool = request.server === undefined ? request.tool : `${request.server} ${request.tool}`;
    return `${tool} ${oneLineJson(request.arguments)}`;
  }
  const said = request.message ?? request.messages?.at(-1)?.content ?? "";
  return printableLine(typeof said === "string" ? said : oneLineJson(said));
}

/** JSON that is short enough to be read in passing. */
export function oneLineJson(value: unknown, length = 200): string {
  return shortened(printableLine(JSON.stringify(value)), length);
}
