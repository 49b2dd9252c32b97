import { z } from "zod";
import { jobOptions } from "./job-options.ts";
import { ToolArguments } from "./tool-call.ts";

/** Names of servers and tools are free text here; the worker's catalogue says which exist. */
const name = z.string().min(1).max(256);

/** Body of `POST /jobs` for one tool call. An unknown key is an error. */
export const ToolJobRequest = z
  .strictObject({
    type: z.literal("tool"),
    server: name
      .optional()
      .describe("The server's name. May be left out when `tool` alone says which server it is."),
    tool: name.describe("The server's own tool name, or the unified `server__tool`."),
    arguments: ToolArguments.default({}),
    on_unknown: z
      .enum(["fail", "retry"])
      .optional()
      .describe(
        "What to do when nobody knows whether the call has happened, because its worker or server died: fail with " +
          "`outcome_unknown` (default), or call again. Tools that only read or are idempotent are called again in any case.",
      ),
    ...jobOptions,
  })
  .meta({
    id: "ToolJobRequest",
    example: {
      type: "tool",
      server: "filesystem",
      tool: "read_text_file",
      arguments: { path: "welcome.txt" },
    },
  });
export type ToolJobRequest = z.infer<typeof ToolJobRequest>;

/** Running time of a tool job that names none, in milliseconds. */
export const DEFAULT_TOOL_JOB_TIMEOUT_MS = 60_000;
