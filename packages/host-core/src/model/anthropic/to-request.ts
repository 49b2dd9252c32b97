import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  Tool,
  ToolChoice,
} from "@anthropic-ai/sdk/resources/messages";
import type {
  AssistantBlock,
  ConversationMessage,
  ModelSettings,
  ToolResultBlock,
} from "@millrace/contracts";
import type { ModelRequest, ModelTool } from "../model.ts";
import { sentToolName } from "../sent-tool-name.ts";

type UserContent = Extract<ConversationMessage, { role: "user" }>["content"];

const CACHED = { type: "ephemeral" } as const;

/** A request for one streamed turn. */
export function toRequest(settings: ModelSettings, request: ModelRequest): MessageCreateParamsStreaming {
  const { system, tools, temperature } = request;
  return {
    model: settings.model,
    max_tokens: request.maxTokens,
    stream: true,
    ...(system === undefined ? {} : { system: [{ type: "text", text: system, cache_control: CACHED }] }),
    messages: toMessages(request.messages),
    ...(tools.length === 0 ? {} : { tools: toTools(tools), tool_choice: toToolChoice(request) }),
    ...thinking(settings, request),
    // Not in the types any more: see requestHeaders.
    ...(temperature === undefined ? {} : { temperature }),
  };
}

/**
 * The API of 2026-10-21, which the SDK speaks, refuses every `temperature`. The one before it leaves that to the
 * model: older ones take it, newer ones say that they do not.
 */
export function requestHeaders({ temperature }: ModelRequest): Record<string, string> {
  return temperature === undefined ? {} : { "anthropic-version": "2023-06-01" };
}

/**
 * `off` leaves the model to itself: current models refuse to be told `disabled`. `summarized`, because their default
 * is to think in silence. A forced tool call excludes thinking, and so does a temperature.
 */
function thinking(
  settings: ModelSettings,
  { toolChoice, temperature }: ModelRequest,
): Pick<MessageCreateParamsStreaming, "thinking"> {
  const isForced = toolChoice !== "auto" && toolChoice !== "none";
  if (settings.thinking === "off" || isForced || temperature !== undefined) return {};
  return { thinking: { type: "adaptive", display: "summarized" } };
}

function toToolChoice({ toolChoice }: ModelRequest): ToolChoice {
  return typeof toolChoice === "string" ? { type: toolChoice } : toolChoice;
}

/** The tools come first in the prompt, in an order that stays: one cached prefix for all jobs that offer them. */
function toTools(tools: readonly ModelTool[]): Tool[] {
  return tools.map(({ name, description, parameters }, position) => ({
    name,
    ...(description === null ? {} : { description }),
    input_schema: { ...parameters, type: "object" },
    ...(position === tools.length - 1 ? { cache_control: CACHED } : {}),
  }));
}

/**
 * Marked for the cache: where this request ends, for the next turn to read, and where the turn before it ended. The
 * provider looks back only some 20 blocks from a mark, which parallel tool calls can exceed. With tools and system
 * these are the four marks that a request may have.
 */
function toMessages(conversation: readonly ConversationMessage[]): MessageParam[] {
  const ends = new Set(conversation.filter(({ role }) => role === "user").slice(-2));
  return conversation.flatMap((message): MessageParam[] => {
    if (message.role === "user") return [userMessage(message.content, ends.has(message))];
    const content = assistantContent(message.content);
    return content.length === 0 ? [] : [{ role: "assistant", content }];
  });
}

function userMessage(content: UserContent, isMarked: boolean): MessageParam {
  const blocks = content
    .map((block) => (block.type === "tool_result" ? toolResult(block) : block))
    .map((block, position) =>
      isMarked && position === content.length - 1 ? { ...block, cache_control: CACHED } : block,
    );
  // The same shapes, but for how the two declare what is optional.
  return { role: "user", content: blocks as ContentBlockParam[] };
}

/** The provider takes nothing but text in a result that is marked as an error: one with images says so in words. */
function toolResult(block: ToolResultBlock): ToolResultBlock {
  if (!block.is_error || block.content.every(({ type }) => type === "text")) return block;
  return { ...block, is_error: false, content: [{ type: "text", text: "Error:" }, ...block.content] };
}

/** What the provider takes back: no empty text, and no thinking without its own signature. */
function assistantContent(content: readonly AssistantBlock[]): ContentBlockParam[] {
  const blocks = content.filter(isTakenBack).map((block): ContentBlockParam => {
    if (block.type !== "tool_use") return block;
    return { type: "tool_use", id: block.id, name: sentToolName(block.name), input: block.input };
  });
  // Thinking alone, such as of a turn that was cut off, is refused.
  return blocks.some(({ type }) => type === "text" || type === "tool_use") ? blocks : [];
}

function isTakenBack(block: AssistantBlock): boolean {
  if (block.type === "text") return block.text.trim() !== "";
  return block.type !== "thinking" || block.signature !== "";
}
