import { z } from "zod";

/** What the Messages API takes, as strictly as it does: an unknown field is an error. */

const unread = z.unknown().optional();
const notEmpty = z.string().min(1);
const toolName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,128}$/, "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");

const TextBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string().min(1, "text content blocks must be non-empty"),
  cache_control: unread,
  citations: z.array(z.unknown()).nullish(),
});

const url = z.strictObject({ type: z.literal("url"), url: notEmpty });
const file = z.strictObject({ type: z.literal("file"), file_id: notEmpty });

const ImageBlock = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("base64"),
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      data: notEmpty,
    }),
    url,
    file,
  ]),
  cache_control: unread,
  transformations: unread,
});

const DocumentBlock = z.strictObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.literal("application/pdf"), data: notEmpty }),
    z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: notEmpty }),
    z.strictObject({ type: z.literal("content"), content: z.unknown() }),
    url,
    file,
  ]),
  cache_control: unread,
  citations: unread,
  context: unread,
  title: z.string().nullish(),
});

const ToolResultBlock = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: notEmpty,
  content: z
    .union([z.string(), z.array(z.discriminatedUnion("type", [TextBlock, ImageBlock, DocumentBlock]))])
    .optional(),
  is_error: z.boolean().optional(),
  cache_control: unread,
});
export type ToolResultBlock = z.output<typeof ToolResultBlock>;

const ToolUseBlock = z.strictObject({
  type: z.literal("tool_use"),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/, "String should match pattern '^[a-zA-Z0-9_-]+$'"),
  name: toolName,
  input: z.record(z.string(), z.unknown()),
  cache_control: unread,
  caller: unread,
});

const ThinkingBlock = z.strictObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: notEmpty,
});

const RedactedThinkingBlock = z.strictObject({ type: z.literal("redacted_thinking"), data: notEmpty });

const UserBlock = z.discriminatedUnion("type", [TextBlock, ImageBlock, DocumentBlock, ToolResultBlock]);
export type UserBlock = z.output<typeof UserBlock>;

const AssistantBlock = z.discriminatedUnion("type", [
  TextBlock,
  ToolUseBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
]);

const Message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("user"), content: z.union([z.string(), z.array(UserBlock)]) }),
  z.strictObject({ role: z.literal("assistant"), content: z.union([z.string(), z.array(AssistantBlock)]) }),
  z.strictObject({ role: z.literal("system"), content: z.union([z.string(), z.array(TextBlock)]) }),
]);
export type Message = z.output<typeof Message>;

const Tool = z.strictObject({
  name: toolName,
  input_schema: z.looseObject({ type: z.literal("object") }),
  type: z.literal("custom").nullish(),
  description: z.string().optional(),
  cache_control: unread,
  allowed_callers: unread,
  defer_loading: unread,
  eager_input_streaming: unread,
  input_examples: unread,
  strict: z.boolean().optional(),
});

const parallel = { disable_parallel_tool_use: z.boolean().optional() };

/** Sampling parameters, which API version 2026-10-21 took away, are judged by the caller. */
export const SAMPLING_PARAMETERS = ["temperature", "top_p", "top_k"] as const;

export const MessagesRequest = z.strictObject({
  model: notEmpty,
  max_tokens: z.int().min(1),
  messages: z.array(Message).min(1, "at least one message is required"),
  stream: z.boolean().optional(),
  system: z.union([z.string(), z.array(TextBlock)]).optional(),
  tools: z.array(Tool).optional(),
  tool_choice: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("auto"), ...parallel }),
      z.strictObject({ type: z.literal("any"), ...parallel }),
      z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
      z.strictObject({ type: z.literal("none") }),
    ])
    .optional(),
  thinking: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("enabled"), budget_tokens: z.int().min(1_024), display: unread }),
      z.strictObject({ type: z.literal("adaptive"), display: unread }),
      z.strictObject({ type: z.literal("between_tools") }),
      z.strictObject({ type: z.literal("disabled") }),
    ])
    .optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  stop_sequences: z.array(notEmpty).optional(),
  cache_control: unread,
  container: unread,
  diagnostics: unread,
  inference_geo: unread,
  metadata: unread,
  output_config: unread,
  service_tier: unread,
  speed: unread,
});
export type MessagesRequest = z.output<typeof MessagesRequest>;
