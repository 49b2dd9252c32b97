import { z } from "zod";
import type { ConversationMessage, UserBlock } from "@millrace/contracts";
import { QuestionRefusedError } from "../connection.ts";
import { INVALID_PARAMS, USER_REFUSED } from "../wire/json-rpc.ts";

/** What a tool asks of a model in the middle of its call (MCP specification, "Sampling"). */
export interface SamplingRequest {
  readonly system: string | undefined;
  /** Begins and ends with the user, whose turns alternate with the assistant's. */
  readonly messages: readonly ConversationMessage[];
  /** Output tokens at most. */
  readonly maxTokens: number;
  readonly temperature: number | undefined;
}

export interface SamplingAnswer {
  /** Who has answered. */
  readonly model: string;
  readonly text: string;
  /** The specification leaves room for others than its own. */
  readonly stopReason: "endTurn" | "maxTokens" | "refusal";
}

/** Asks the model of the job that made the call. @throws SamplingRefusedError when that may not, or cannot, be. */
export type Sampler = (request: SamplingRequest, signal: AbortSignal) => Promise<SamplingAnswer>;

/** Told to the server, so it must hold no secret. */
export class SamplingRefusedError extends Error {
  override readonly name = "SamplingRefusedError";
}

const Text = z.object({ type: z.literal("text"), text: z.string().min(1) });
const Image = z.object({
  type: z.literal("image"),
  data: z.base64().min(1),
  mimeType: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
});
const Block = z.discriminatedUnion("type", [Text, Image]);
const Content = z.union([Block, z.array(Block).min(1)]);
const Parameters = z.object({
  messages: z.array(z.object({ role: z.enum(["user", "assistant"]), content: Content })).min(1),
  systemPrompt: z.string().optional(),
  maxTokens: z.int().min(1),
  temperature: z.number().min(0).max(1).optional(),
  tools: z.never({ error: "are not offered" }).optional(),
});
type Block = z.infer<typeof Block>;

function toUserBlock(block: Block): UserBlock {
  if (block.type === "text") return { type: "text", text: block.text };
  return { type: "image", source: { type: "base64", media_type: block.mimeType, data: block.data } };
}

function toMessages(given: z.infer<typeof Parameters>["messages"]): ConversationMessage[] {
  const messages: ConversationMessage[] = [];
  for (const { role, content } of given) {
    const blocks = Array.isArray(content) ? content : [content];
    const last = messages.at(-1);
    // Several in a row of one role are one turn: providers take no others.
    if (role === "user") {
      const added = blocks.map(toUserBlock);
      if (last?.role === "user")
        messages[messages.length - 1] = { role, content: [...last.content, ...added] };
      else messages.push({ role, content: added });
    } else {
      const added = blocks.flatMap((block) => (block.type === "text" ? [{ ...block }] : []));
      if (last?.role === "assistant")
        messages[messages.length - 1] = { role, content: [...last.content, ...added] };
      else messages.push({ role, content: added });
    }
  }
  return messages;
}

function readRequest(parameters: unknown): SamplingRequest {
  const parsed = Parameters.safeParse(parameters);
  if (!parsed.success) {
    throw new QuestionRefusedError(INVALID_PARAMS, `cannot be sampled: ${z.prettifyError(parsed.error)}`);
  }
  const { systemPrompt, maxTokens, temperature } = parsed.data;
  const messages = toMessages(parsed.data.messages);
  if (messages[0]?.role !== "user" || messages.at(-1)?.role !== "user") {
    throw new QuestionRefusedError(INVALID_PARAMS, "the messages must begin and end with the user");
  }
  return { system: systemPrompt, messages, maxTokens, temperature };
}

/** Answers `sampling/createMessage`. @throws QuestionRefusedError, which the server is answered with. */
export async function answerSampling(
  parameters: unknown,
  sample: Sampler,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const request = readRequest(parameters);
  try {
    const { model, text, stopReason } = await sample(request, signal);
    return { model, role: "assistant", content: { type: "text", text }, stopReason };
  } catch (error) {
    if (error instanceof SamplingRefusedError) throw new QuestionRefusedError(USER_REFUSED, error.message);
    throw error;
  }
}
