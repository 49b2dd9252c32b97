import { z } from "zod";
import { checkFirst, noPrototypeKey } from "./check-first.ts";
import { hasFiniteNumbers, isShallow, JSON_DEPTH_MAX } from "./json-depth.ts";

/** A tool call's arguments; the tool's own schema judges what is in them. */
export const ToolArguments = checkFirst(noPrototypeKey, z.record(z.string(), z.unknown()))
  .refine((value) => isShallow(value), {
    message: `nested deeper than ${JSON_DEPTH_MAX} levels`,
    abort: true,
  })
  .refine(hasFiniteNumbers, "a number is too large")
  .describe("The arguments of the call. Checked against the tool's own schema.");

/** One block of a tool's answer, as the MCP server sent it (MCP specification, "Tool Result"). */
export const ContentBlock = z.looseObject({ type: z.string() });
export type ContentBlock = z.infer<typeof ContentBlock>;
