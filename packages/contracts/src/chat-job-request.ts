import { z } from "zod";
import { checkFirst } from "./check-first.ts";
import { ChatMessage, type ConversationMessage } from "./conversation.ts";
import { jobOptions } from "./job-options.ts";

const name = z.string().min(1).max(256);

export const ToolChoice = z.union([
  z.enum(["auto", "any", "none"]),
  z.strictObject({ type: z.literal("tool"), name: name.describe("A unified name, `server__tool`.") }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

/** Content blocks of all messages together. */
const BLOCKS_MAX = 20_000;

const messages = checkFirst(
  (value) =>
    countBlocks(value) > BLOCKS_MAX ? `have more than ${BLOCKS_MAX} content blocks together` : null,
  z
    .array(ChatMessage)
    .min(1)
    .max(10_000)
    .refine((list) => list[0]?.role === "user", {
      path: [0, "role"],
      message: "the first message is the user's",
    })
    .refine((list) => list.at(-1)?.role === "user", "the last message must be the user's"),
);

/** For values that may be no messages at all. */
function countBlocks(messagesGiven: unknown): number {
  if (!Array.isArray(messagesGiven)) return 0;
  return messagesGiven.reduce<number>((count, message: { content?: unknown } | null) => {
    const content = message?.content;
    return count + (Array.isArray(content) ? content.length : 0);
  }, 0);
}

/** What a chat job and `POST /chat` share. */
export const chatFields = {
  message: z
    .string()
    .min(1)
    .optional()
    .describe("One message of the user: short for `messages` with one entry."),
  messages: messages
    .optional()
    .describe("The conversation, as in Anthropic's Messages API. Begins and ends with a message of `user`."),
  system: z.string().min(1).optional().describe("Instructions for the model."),
  model: name.optional().describe("An alias of GET /models. Default `default`."),
  enable_mcp: z.boolean().optional().describe("`false`: plain chat, without tools. Default true."),
  mcp_servers: z
    .array(name)
    .max(100)
    .optional()
    .describe("Offer the model only the tools of these servers. Default: all servers."),
  tool_choice: ToolChoice.optional().describe(
    "Whether the model may or must call tools. Default `auto`; any other value counts for the first turn only.",
  ),
  max_tool_iterations: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe("How many turns may ask for tools; the tools of the last one still run. Default 5."),
  max_tokens: z.int().min(1).max(1_000_000).optional().describe("The most output tokens of each turn."),
  temperature: z.number().min(0).max(2).optional().describe("Passed on to the model; some models refuse it."),
  previous_job_id: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe("Go on with the conversation of this chat job, which may have MAX_BODY_BYTES as JSON."),
  ...jobOptions,
};

const ONE_OF = "give either message or messages";

export function hasOneMessageField(request: { message?: unknown; messages?: unknown }): boolean {
  return (request.message === undefined) !== (request.messages === undefined);
}

/** Body of `POST /jobs` for an agent job. An unknown key is an error. */
export const ChatJobRequest = z
  .strictObject({ type: z.literal("chat"), ...chatFields })
  .refine(hasOneMessageField, { path: ["message"], message: ONE_OF })
  .meta({
    id: "ChatJobRequest",
    example: { type: "chat", message: "What does welcome.txt say?", mcp_servers: ["filesystem"] },
  });
export type ChatJobRequest = z.infer<typeof ChatJobRequest>;

/** Body of `POST /chat`: a chat job that is waited for, or streamed. */
export const ChatRequest = z
  .strictObject({
    ...chatFields,
    stream: z.boolean().default(false).describe("Answer with the stream of the job's events."),
  })
  .refine(hasOneMessageField, { path: ["message"], message: ONE_OF })
  .meta({ id: "ChatRequest" });
export type ChatRequest = z.infer<typeof ChatRequest>;

/** The conversation that a request brings. */
export function requestConversation(request: ChatJobRequest): ConversationMessage[] {
  const list: ChatMessage[] = request.messages ?? [{ role: "user", content: request.message ?? "" }];
  return list.map((message): ConversationMessage => {
    const { role, content } = message;
    if (typeof content === "string") return { role, content: [{ type: "text", text: content }] };
    return message as ConversationMessage;
  });
}

/** Running time of a chat job that names none, in milliseconds. */
export const DEFAULT_CHAT_JOB_TIMEOUT_MS = 900_000;

export const DEFAULT_MAX_TOOL_ITERATIONS = 5;
