import { ErrorCode } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { ContentBlock } from "@millrace/contracts";
import { RequestRejectedError, type ServerToolResult } from "../connection.ts";

const CallResult = z.object({
  content: z.array(ContentBlock).default([]),
  structuredContent: z.record(z.string(), z.unknown()).nullish(),
  isError: z.boolean().nullish(),
});

/** @throws RequestRejectedError when the answer is no tool result. */
export function readCallResult(answer: unknown): ServerToolResult {
  const result = CallResult.safeParse(answer);
  if (!result.success) {
    const reason = z.prettifyError(result.error);
    throw new RequestRejectedError(ErrorCode.InternalError, `the answer is no tool result: ${reason}`);
  }
  const { content, structuredContent, isError } = result.data;
  return { content, structuredContent: structuredContent ?? null, isError: isError ?? false };
}
