import { z } from "zod";
import { ContentBlock } from "@millrace/contracts";
import type { Completion, CompletionRequest, PromptContents, ResourceContents } from "../connection.ts";
import { parseAnswer } from "./parse-answer.ts";

const mimeType = z
  .string()
  .nullish()
  .transform((type) => type ?? null);

const ResourceAnswer = z.object({
  contents: z.array(
    z.union([
      z.object({ uri: z.string(), mimeType, text: z.string() }),
      z.object({ uri: z.string(), mimeType, blob: z.string() }),
    ]),
  ),
});

const PromptAnswer = z.object({
  description: z
    .string()
    .nullish()
    .transform((description) => description ?? null),
  messages: z.array(z.object({ role: z.enum(["user", "assistant"]), content: ContentBlock })),
});

const CompletionAnswer = z.object({
  completion: z.object({
    values: z.array(z.string()),
    total: z.number().nullish(),
    hasMore: z.boolean().nullish(),
  }),
});

/** @throws RequestRejectedError when the answer holds no contents of a resource. */
export function readResourceContents(answer: unknown): ResourceContents[] {
  return parseAnswer(ResourceAnswer, answer, "resource").contents;
}

/** @throws RequestRejectedError when the answer is no prompt. */
export function readPromptContents(answer: unknown): PromptContents {
  return parseAnswer(PromptAnswer, answer, "prompt");
}

/** The parameters of `completion/complete`. */
export function completionParameters({ of, argument, known }: CompletionRequest): Record<string, unknown> {
  const ref =
    of.type === "prompt"
      ? { type: "ref/prompt", name: of.name }
      : { type: "ref/resource", uri: of.uriTemplate };
  return { ref, argument, context: { arguments: known } };
}

/** @throws RequestRejectedError when the answer holds no completion. */
export function readCompletion(answer: unknown): Completion {
  const { values, total, hasMore } = parseAnswer(CompletionAnswer, answer, "completion").completion;
  return { values, total: total ?? null, hasMore: hasMore ?? false };
}
