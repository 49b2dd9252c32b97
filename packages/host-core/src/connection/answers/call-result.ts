import { ContentBlock, isJsonObject, isShallow, JSON_DEPTH_MAX } from "@millrace/contracts";
import { AnswerTooLargeError, type ServerToolResult } from "../connection.ts";

/** How much is quoted of what a server sent, in characters. */
const QUOTE_LENGTH = 100_000;

function quote(what: string, value: unknown): ContentBlock {
  // It would make the serialiser run out of stack.
  if (!isShallow(value)) {
    throw new AnswerTooLargeError(`a value of it nests deeper than ${JSON_DEPTH_MAX} levels`);
  }
  return { type: "text", text: `${what}: ${JSON.stringify(value).slice(0, QUOTE_LENGTH)}` };
}

function readBlock(block: unknown): ContentBlock {
  const parsed = ContentBlock.safeParse(block);
  const isReadable =
    parsed.success && (parsed.data.type !== "text" || typeof parsed.data["text"] === "string");
  return isReadable ? parsed.data : quote("[a part of the result that is no MCP content]", block);
}

/** Members that say something about a result, and are none of it. */
const ABOUT = new Set(["_meta", "isError", "resultType", "content", "structuredContent"]);

/** What an answer has in place of content, such as the `toolResult` of the first protocol version. */
function readOthers(answer: Readonly<Record<string, unknown>>): ContentBlock[] {
  const others = Object.entries(answer).filter(([name]) => !ABOUT.has(name));
  return others.length === 0 ? [] : [quote("[a result that is no MCP content]", Object.fromEntries(others))];
}

/**
 * Reads a tool's result, however odd it is: the tool has done its work, and may have left its mark. What is no content
 * becomes a text that quotes it, and so do other members where it has neither content nor structured content. So does
 * structured content that is no object, which protocol 2026-07-28 allows.
 * @throws AnswerTooLargeError when what it would quote nests too deep.
 */
export function readCallResult(answer: Readonly<Record<string, unknown>>): ServerToolResult {
  const { structuredContent = null, isError } = answer;
  const content = answer["content"] ?? (structuredContent === null ? readOthers(answer) : []);
  const blocks = Array.isArray(content) ? content.map(readBlock) : [readBlock(content)];
  const read = { structuredContent: null, isError: isError === true };
  if (structuredContent === null) return { ...read, content: blocks, misfits: [] };
  if (isJsonObject(structuredContent)) return { ...read, content: blocks, structuredContent, misfits: [] };
  const misfits = [
    { path: "structured_content", message: "is no object; it stands in `content`, as a text" },
  ];
  return { ...read, content: [...blocks, quote("[structured content]", structuredContent)], misfits };
}
