import { z } from "zod";

/** A conversation in the shapes of Anthropic's Messages API; other providers' are made from it. */

export const TextBlock = z.strictObject({ type: z.literal("text"), text: z.string().min(1) });

const base64 = z.base64().min(1);
const url = z.httpUrl();

const ImageBlock = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("base64"),
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      data: base64,
    }),
    z.strictObject({ type: z.literal("url"), url }),
  ]),
});
export type ImageBlock = z.infer<typeof ImageBlock>;

const DocumentBlock = z.strictObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.literal("application/pdf"), data: base64 }),
    z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: z.string().min(1) }),
    z.strictObject({ type: z.literal("url"), url }),
  ]),
  title: z.string().max(500).optional(),
});
export type DocumentBlock = z.infer<typeof DocumentBlock>;

export const UserBlock = z.discriminatedUnion("type", [TextBlock, ImageBlock, DocumentBlock]);
export type UserBlock = z.infer<typeof UserBlock>;

/** One message of a request. */
export const ChatMessage = z.discriminatedUnion("role", [
  z.strictObject({
    role: z.literal("user"),
    content: z.union([z.string().min(1), z.array(UserBlock).min(1)]),
  }),
  z.strictObject({
    role: z.literal("assistant"),
    content: z.union([z.string().min(1), z.array(TextBlock).min(1)]),
  }),
]);
export type ChatMessage = z.infer<typeof ChatMessage>;

/** One block of what a model said in a turn. */
export const AssistantBlock = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({
    type: z.literal("thinking"),
    thinking: z.string(),
    signature: z.string().describe("The provider's signature; empty when it gives none."),
  }),
  z.object({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.object({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
    malformed_input: z
      .string()
      .optional()
      .describe("What the model wrote, when its arguments were not valid JSON."),
    extra_content: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        "What an OpenAI-compatible server sent along with the call, such as a signature; it may want it back.",
      ),
  }),
]);
export type AssistantBlock = z.infer<typeof AssistantBlock>;
export type ToolUseBlock = Extract<AssistantBlock, { type: "tool_use" }>;

export const AssistantMessage = z.object({
  role: z.literal("assistant"),
  content: z.array(AssistantBlock),
});
export type AssistantMessage = z.infer<typeof AssistantMessage>;

/** The answer to one tool call, as the model gets it. */
export interface ToolResultBlock {
  type: "tool_result";
  tool_use_id: string;
  content: UserBlock[];
  is_error: boolean;
}

/** One message of a conversation that is under way. */
export type ConversationMessage =
  | { role: "user"; content: (UserBlock | ToolResultBlock)[] }
  | AssistantMessage;
