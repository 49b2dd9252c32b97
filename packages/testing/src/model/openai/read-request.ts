import { RejectedRequest } from "../rejected-request.ts";
import { schemaIssues } from "../schema-issues.ts";
import type { Conversation, RequestBody } from "../wire-format.ts";
import { ChatCompletionsRequest, type Message } from "./request-schema.ts";

/** @throws RejectedRequest for what Chat Completions would refuse. */
export function readChatCompletionsRequest(body: RequestBody): Conversation {
  const parsed = ChatCompletionsRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = schemaIssues(parsed.error.issues);
    if (!issue || issue.path.length === 0) throw new RejectedRequest(issue?.message ?? "Invalid request");
    rejectParameter(placeOf(issue.path), issue.message);
  }
  checkOptions(parsed.data);
  checkCalls(parsed.data.messages);
  return readConversation(parsed.data.messages);
}

function rejectParameter(parameter: string, message: string): never {
  throw new RejectedRequest(`Invalid value for '${parameter}': ${message}`, { parameter });
}

/** Such as `messages[1].tool_calls[0].id`. */
function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
}

function checkOptions(request: ChatCompletionsRequest): void {
  const names = (request.tools ?? []).map((tool) => tool.function.name);
  const choice = request.tool_choice;
  if (new Set(names).size < names.length) rejectParameter("tools", "Tool names must be unique.");
  if (choice !== undefined && names.length === 0) {
    rejectParameter("tool_choice", "'tool_choice' is only allowed when 'tools' are specified.");
  }
  if (typeof choice === "object" && !names.includes(choice.function.name)) {
    rejectParameter("tool_choice", `'${choice.function.name}' is not one of 'tools'.`);
  }
  if (request.parallel_tool_calls !== undefined && names.length === 0) {
    rejectParameter(
      "parallel_tool_calls",
      "'parallel_tool_calls' is only allowed when 'tools' are specified.",
    );
  }
  if (request.stream_options && request.stream !== true) {
    rejectParameter("stream_options", "'stream_options' is only allowed when 'stream' is enabled.");
  }
  if (typeof request.max_tokens === "number" && typeof request.max_completion_tokens === "number") {
    rejectParameter("max_tokens", "'max_tokens' and 'max_completion_tokens' do not go together.");
  }
}

/** Every call has its result in the tool messages that follow at once, and every result its call. */
function checkCalls(messages: readonly Message[]): void {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id)) {
        throw new RejectedRequest(
          "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
          { parameter: `messages.[${index}].role` },
        );
      }
      continue;
    }
    rejectUnanswered(open, index);
    open = new Set(message.role === "assistant" ? message.tool_calls?.map(({ id }) => id) : []);
  }
  rejectUnanswered(open, messages.length);
}

function rejectUnanswered(open: ReadonlySet<string>, index: number): void {
  if (open.size === 0) return;
  throw new RejectedRequest(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
    { parameter: `messages.[${index}].role` },
  );
}

function readConversation(messages: readonly Message[]): Conversation {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const sinceHuman = messages.slice(asked + 1);
  // Results of parallel calls come as one message each.
  const lastOther = messages.findLastIndex(({ role }) => role !== "tool");
  const last = messages.slice(Math.min(lastOther + 1, messages.length - 1));
  return {
    turn: sinceHuman.filter(({ role }) => role === "assistant").length,
    lastText: last.map(textOf).join("\n"),
    askedText: messages
      .slice(Math.max(asked, 0), asked + 1)
      .map(textOf)
      .join(""),
  };
}

function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}
