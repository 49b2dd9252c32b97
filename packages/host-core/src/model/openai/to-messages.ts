import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionMessageParam,
  ChatCompletionToolMessageParam,
} from "openai/resources/chat/completions";
import type {
  AssistantBlock,
  ConversationMessage,
  DocumentBlock,
  ImageBlock,
  ToolResultBlock,
  UserBlock,
} from "@millrace/contracts";
import { saidText } from "../said-text.ts";
import { sentToolName } from "../sent-tool-name.ts";
import type { Dialect } from "./dialect.ts";

type UserContent = Extract<ConversationMessage, { role: "user" }>["content"];

/** The request has something that this wire format cannot carry. */
export class UnsupportedContentError extends Error {
  override readonly name = "UnsupportedContentError";
}

/**
 * A conversation in the shapes of Chat Completions.
 * @throws UnsupportedContentError
 */
export function toMessages(
  system: string | undefined,
  conversation: readonly ConversationMessage[],
  dialect: Dialect,
): ChatCompletionMessageParam[] {
  const messages = conversation.flatMap(({ role, content }) =>
    role === "user" ? userMessages(content) : assistantMessages(content, dialect),
  );
  return system === undefined ? messages : [{ role: "system", content: system }, ...messages];
}

/** The answers to tool calls come first: they must follow the calls at once. */
function userMessages(content: UserContent): ChatCompletionMessageParam[] {
  const results = content.filter((block) => block.type === "tool_result");
  const others = content.filter((block) => block.type !== "tool_result");
  const parts = [...results.flatMap(attachments), ...others.map(toPart)];
  return [
    ...results.map(toolMessage),
    ...(parts.length === 0 ? [] : [{ role: "user" as const, content: joined(parts) }]),
  ];
}

/** Many servers take nothing but a string. */
function joined(parts: ChatCompletionContentPart[]): string | ChatCompletionContentPart[] {
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return texts.length === parts.length ? texts.join("\n\n") : parts;
}

function toPart(block: UserBlock): ChatCompletionContentPart {
  if (block.type === "text") return { type: "text", text: block.text };
  return block.type === "image" ? imagePart(block) : documentPart(block);
}

function imagePart({ source }: ImageBlock): ChatCompletionContentPart {
  const url = source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
  return { type: "image_url", image_url: { url } };
}

function documentPart({ source, title }: DocumentBlock): ChatCompletionContentPart {
  if (source.type === "url") {
    throw new UnsupportedContentError(
      `it takes no document by its URL, ${source.url}: send the document itself, as base64 or text`,
    );
  }
  if (source.type === "text") {
    return { type: "text", text: title === undefined ? source.data : `${title}\n\n${source.data}` };
  }
  const file_data = `data:${source.media_type};base64,${source.data}`;
  return { type: "file", file: { filename: title ?? "document.pdf", file_data } };
}

/** A `tool` message takes text only; `attachments` has the rest. */
function toolMessage({ tool_use_id, content, is_error }: ToolResultBlock): ChatCompletionToolMessageParam {
  const text = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n\n");
  return { role: "tool", tool_call_id: tool_use_id, content: is_error ? `Error: ${text}` : text };
}

function attachments({ tool_use_id, content }: ToolResultBlock): ChatCompletionContentPart[] {
  const parts = content.filter(({ type }) => type !== "text").map(toPart);
  if (parts.length === 0) return [];
  return [{ type: "text", text: `Attached to the result of tool call ${tool_use_id}:` }, ...parts];
}

/** `reasoning_content` is DeepSeek's and others', and in no types. */
type AssistantParam = ChatCompletionAssistantMessageParam & { reasoning_content?: string };

/** Most servers refuse thinking that comes back, and what came along with a call: only those that ask for it get it. */
function assistantMessages(
  content: readonly AssistantBlock[],
  { takesReasoning, takesExtraContent }: Dialect,
): AssistantParam[] {
  const text = saidText(content);
  const toolCalls = content.flatMap((block) => {
    if (block.type !== "tool_use") return [];
    const { id, name, input, extra_content } = block;
    const call = { name: sentToolName(name), arguments: JSON.stringify(input) };
    const extra = takesExtraContent && extra_content !== undefined ? { extra_content } : {};
    return [{ id, type: "function" as const, function: call, ...extra }];
  });
  if (toolCalls.length > 0) {
    const reasoning = takesReasoning ? { reasoning_content: thinkingOf(content) } : {};
    return [{ role: "assistant", content: text === "" ? null : text, tool_calls: toolCalls, ...reasoning }];
  }
  return text === "" ? [] : [{ role: "assistant", content: text }];
}

function thinkingOf(content: readonly AssistantBlock[]): string {
  return content.flatMap((block) => (block.type === "thinking" ? [block.thinking] : [])).join("");
}
