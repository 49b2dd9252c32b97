import { z } from "zod";

/** What Chat Completions takes, as strictly as OpenAI does: an unknown field is an error. */

const unread = z.unknown().optional();
const notEmpty = z.string().min(1);
const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "must match '^[a-zA-Z0-9_-]{1,64}$'");
const callId = z.string().min(1).max(40);

const TextPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const text = z.union([z.string(), z.array(TextPart).min(1)]);

const UserPart = z.discriminatedUnion("type", [
  TextPart,
  z.strictObject({
    type: z.literal("image_url"),
    image_url: z.strictObject({ url: notEmpty, detail: z.enum(["auto", "low", "high"]).optional() }),
  }),
  z.strictObject({ type: z.literal("input_audio"), input_audio: z.unknown() }),
  z.strictObject({
    type: z.literal("file"),
    file: z.strictObject({
      file_data: notEmpty.optional(),
      file_id: notEmpty.optional(),
      filename: notEmpty.optional(),
    }),
  }),
]);

const RefusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });

const ToolCall = z.strictObject({
  id: callId,
  type: z.literal("function"),
  function: z.strictObject({ name, arguments: z.string() }),
  /** Not OpenAI's own: Gemini's endpoint takes its signatures back. */
  extra_content: unread,
});

const AssistantMessage = z
  .strictObject({
    role: z.literal("assistant"),
    content: z
      .union([z.string(), z.array(z.discriminatedUnion("type", [TextPart, RefusalPart])).min(1)])
      .nullish(),
    refusal: z.string().nullish(),
    name: z.string().optional(),
    audio: unread,
    tool_calls: z.array(ToolCall).min(1).optional(),
    /** Not OpenAI's own: servers that show their thinking take it back. */
    reasoning_content: z.string().nullish(),
  })
  .refine((message) => (message.content ?? message.tool_calls ?? message.refusal ?? null) !== null, {
    path: ["content"],
    message: "must be a string or an array where there are no tool calls",
  });

const Message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), content: text, name: z.string().optional() }),
  z.strictObject({ role: z.literal("developer"), content: text, name: z.string().optional() }),
  z.strictObject({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(UserPart).min(1)]),
    name: z.string().optional(),
  }),
  AssistantMessage,
  z.strictObject({ role: z.literal("tool"), content: text, tool_call_id: callId }),
]);
export type Message = z.output<typeof Message>;

const Tool = z.strictObject({
  type: z.literal("function"),
  function: z.strictObject({
    name,
    description: z.string().optional(),
    parameters: z.looseObject({ type: z.literal("object") }).optional(),
    strict: z.boolean().nullish(),
  }),
});

const limit = z.int().min(1).nullish();

export const ChatCompletionsRequest = z.strictObject({
  model: notEmpty,
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  tools: z.array(Tool).min(1).max(128).optional(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: z.string() }) }),
    ])
    .optional(),
  max_tokens: limit,
  max_completion_tokens: limit,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  parallel_tool_calls: z.boolean().optional(),
  n: z.literal(1).nullish(),
  stop: unread,
  audio: unread,
  frequency_penalty: unread,
  logit_bias: unread,
  logprobs: unread,
  metadata: unread,
  modalities: unread,
  moderation: unread,
  prediction: unread,
  presence_penalty: unread,
  prompt_cache_key: unread,
  prompt_cache_options: unread,
  prompt_cache_retention: unread,
  reasoning_effort: unread,
  response_format: unread,
  safety_identifier: unread,
  seed: unread,
  service_tier: unread,
  store: unread,
  top_logprobs: unread,
  user: unread,
  verbosity: unread,
  web_search_options: unread,
});
export type ChatCompletionsRequest = z.output<typeof ChatCompletionsRequest>;
