import { z } from "zod";
import { ContentBlock } from "@millrace/contracts";
import type { ServerToolResult } from "../connection.ts";
import { parseAnswer } from "./parse-answer.ts";

const CallResult = z.object({
  content: z.array(ContentBlock).default([]),
  structuredContent: z.record(z.string(), z.unknown()).nullish(),
  isError: z.boolean().nullish(),
});

/** @throws RequestRejectedError when the answer is no tool result. */
export function readCallResult(answer: unknown): ServerToolResult {
  const { content, structuredContent, isError } = parseAnswer(CallResult, answer, "tool result");
  return { content, structuredContent: structuredContent ?? null, isError: isError ?? false };
}
