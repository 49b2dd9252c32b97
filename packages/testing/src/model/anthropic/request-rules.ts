import { RejectedRequest } from "../rejected-request.ts";
import type { Message, MessagesRequest, ToolResultBlock } from "./request-schema.ts";

/** Blocks that may carry `cache_control` in one request. */
const CACHE_BREAKPOINTS_MAX = 4;

/** What the schema cannot say of messages: their order, and that calls and results belong together. */
export function checkMessages(messages: readonly Message[]): void {
  if (messages[0]?.role !== "user") {
    throw new RejectedRequest('messages: first message must use the "user" role');
  }
  const seen = new Set<string>();
  for (const [index, message] of messages.entries()) {
    checkNotEmpty(message, index, index === messages.length - 1);
    const calls = callsOf(message);
    for (const id of calls) {
      if (seen.has(id))
        throw new RejectedRequest(`messages.${index}: \`tool_use\` ids must be unique: ${id}`);
      seen.add(id);
    }
    checkAnswered(calls, messages[index + 1], index);
    checkResults(message, messages[index - 1], index);
  }
}

function checkNotEmpty({ role, content }: Message, index: number, isLast: boolean): void {
  const isEmpty = typeof content === "string" ? content.trim() === "" : content.length === 0;
  if (isEmpty && !(role === "assistant" && isLast)) {
    throw new RejectedRequest(
      `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
    );
  }
}

function callsOf(message: Message): string[] {
  if (message.role !== "assistant" || typeof message.content === "string") return [];
  return message.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
}

function resultsOf(message: Message | undefined): ToolResultBlock[] {
  if (message?.role !== "user" || typeof message.content === "string") return [];
  return message.content.filter((block) => block.type === "tool_result");
}

function checkAnswered(calls: readonly string[], next: Message | undefined, index: number): void {
  const answered = new Set(resultsOf(next).map((result) => result.tool_use_id));
  const missing = calls.filter((id) => !answered.has(id));
  if (missing.length > 0) {
    throw new RejectedRequest(
      `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
        `${missing.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  }
}

function checkResults(message: Message, previous: Message | undefined, index: number): void {
  const called = new Set(previous ? callsOf(previous) : []);
  const results = resultsOf(message);
  for (const [position, result] of results.entries()) {
    const place = `messages.${index}.content.${position}`;
    if (message.content[position] !== result) {
      throw new RejectedRequest(`${place}: \`tool_result\` blocks must come first in the content`);
    }
    const { content: given } = result;
    if (result.is_error && Array.isArray(given) && given.some(({ type }) => type !== "text")) {
      throw new RejectedRequest(`${place}: all content must be type "text" if "is_error" is true`);
    }
    // Each id is taken out once, so a second result for it is unexpected as well.
    if (!called.delete(result.tool_use_id)) {
      throw new RejectedRequest(
        `${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${result.tool_use_id}. ` +
          "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
      );
    }
  }
}

/** What the schema cannot say of tools, thinking and caching. */
export function checkTools(request: MessagesRequest): void {
  const names = (request.tools ?? []).map(({ name }) => name);
  const choice = request.tool_choice;
  if (new Set(names).size < names.length) throw new RejectedRequest("tools: Tool names must be unique.");
  if (choice && names.length === 0) {
    throw new RejectedRequest("tool_choice: may only be specified while providing tools");
  }
  if (choice?.type === "tool" && !names.includes(choice.name)) {
    throw new RejectedRequest(`tool_choice: Tool '${choice.name}' not found in provided tools`);
  }
  const { thinking } = request;
  const thinks = thinking?.type === "enabled" || thinking?.type === "adaptive";
  if (thinks && (choice?.type === "any" || choice?.type === "tool")) {
    throw new RejectedRequest("Thinking may not be enabled when tool_choice forces tool use.");
  }
  if (thinking?.type === "enabled" && thinking.budget_tokens >= request.max_tokens) {
    throw new RejectedRequest("`max_tokens` must be greater than `thinking.budget_tokens`.");
  }
  const breakpoints = countCacheBreakpoints([request.system, request.tools, request.messages]);
  if (breakpoints > CACHE_BREAKPOINTS_MAX) {
    throw new RejectedRequest(
      `A maximum of ${CACHE_BREAKPOINTS_MAX} blocks with cache_control may be provided. Found ${breakpoints}.`,
    );
  }
}

function countCacheBreakpoints(content: unknown): number {
  if (Array.isArray(content))
    return content.reduce<number>((sum, item) => sum + countCacheBreakpoints(item), 0);
  if (typeof content !== "object" || content === null) return 0;
  const { cache_control: own, content: nested } = content as { cache_control?: unknown; content?: unknown };
  return (own === undefined || own === null ? 0 : 1) + countCacheBreakpoints(nested);
}
