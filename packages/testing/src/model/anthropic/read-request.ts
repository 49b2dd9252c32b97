import type { IncomingHttpHeaders } from "node:http";
import { RejectedRequest } from "../rejected-request.ts";
import { schemaIssues } from "../schema-issues.ts";
import type { Conversation, RequestBody } from "../wire-format.ts";
import { checkMessages, checkTools } from "./request-rules.ts";
import {
  MessagesRequest,
  SAMPLING_PARAMETERS,
  type Message,
  type ToolResultBlock,
  type UserBlock,
} from "./request-schema.ts";

/** The version from which on sampling parameters, and citations in what a user says, are refused. */
const STRICT_VERSION = "2026-10-21";
const VERSIONS = ["2023-06-01", STRICT_VERSION];

/** @throws RejectedRequest for what the Messages API would refuse. */
export function readMessagesRequest(body: RequestBody, headers: IncomingHttpHeaders): Conversation {
  const version = headers["anthropic-version"];
  if (typeof version !== "string") throw new RejectedRequest("anthropic-version: header is required");
  if (!VERSIONS.includes(version)) {
    throw new RejectedRequest(`anthropic-version: "${version}" is not a valid version`);
  }

  const parsed = MessagesRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = schemaIssues(parsed.error.issues);
    const place = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
    throw new RejectedRequest(`${place}${issue?.message ?? "Invalid request"}`);
  }
  if (version === STRICT_VERSION) checkStrictVersion(parsed.data);
  checkMessages(parsed.data.messages);
  checkTools(parsed.data);
  return readConversation(parsed.data.messages);
}

function checkStrictVersion(request: MessagesRequest): void {
  for (const parameter of SAMPLING_PARAMETERS) {
    if (request[parameter] !== undefined) {
      throw new RejectedRequest(`${parameter}: Extra inputs are not permitted`);
    }
  }
  for (const [index, { role, content }] of request.messages.entries()) {
    if (role !== "user" || typeof content === "string") continue;
    const cited = content.findIndex((block) => block.type === "text" && (block.citations ?? []).length > 0);
    if (cited >= 0) {
      throw new RejectedRequest(`messages.${index}.content.${cited}.text.citations: Input should be empty`);
    }
  }
}

function readConversation(messages: readonly Message[]): Conversation {
  const asked = messages.findLastIndex(isHuman);
  const sinceHuman = messages.slice(asked + 1);
  const last = messages.at(-1);
  return {
    turn: sinceHuman.filter(({ role }) => role === "assistant").length,
    lastText: last ? textOf(last.content) : "",
    askedText: textOf(messages[asked]?.content),
  };
}

/** A user message of nothing but tool results comes from the tools. */
function isHuman({ role, content }: Message): boolean {
  return role === "user" && (typeof content === "string" || !content.every(isToolResult));
}

function isToolResult(block: UserBlock): block is ToolResultBlock {
  return block.type === "tool_result";
}

function textOf(content: Message["content"] | ToolResultBlock["content"]): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content
    .flatMap((block) => {
      if (block.type === "text") return [block.text];
      return block.type === "tool_result" ? [textOf(block.content)] : [];
    })
    .join("\n");
}
