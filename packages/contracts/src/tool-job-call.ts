import { UNIFIED_SEPARATOR } from "./tool-directory.ts";
import type { ToolJobRequest } from "./tool-job-request.ts";

/** A tool job has one call. */
export const TOOL_JOB_CALL_ID = "call_1";

/** The call of a tool job, with its tool as far as the request says it. */
export function toolJobCall({ server, tool }: ToolJobRequest): { tool_call_id: string; tool: string } {
  return {
    tool_call_id: TOOL_JOB_CALL_ID,
    tool: server === undefined ? tool : server + UNIFIED_SEPARATOR + tool,
  };
}
