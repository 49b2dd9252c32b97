import { z } from "zod";
import type { LeftOutTool, ServerTool, ToolListing } from "../connection.ts";
import { readPages, type FetchPage } from "./pages.ts";

const jsonObject = z.record(z.string(), z.unknown());

/** As much of a tool as we rely on (MCP specification, "Tool"); the SDK's schema would refuse the whole list. */
const UsableTool = z.object({
  name: z.string().min(1),
  description: z.string().nullish().catch(null),
  inputSchema: z.looseObject({ type: z.literal("object") }),
  outputSchema: jsonObject.nullish(),
  // Hints only: without them the tool counts as one that says nothing of itself.
  annotations: jsonObject.nullish().catch(null),
  execution: z.object({ taskSupport: z.string().optional() }).nullish().catch(null),
});

function nameOf(item: unknown): string | null {
  const name = typeof item === "object" && item !== null && "name" in item ? item.name : undefined;
  return typeof name === "string" && name !== "" ? name : null;
}

function checkTool(item: unknown): { tool: ServerTool; needsTask: boolean } | { reason: string } {
  const parsed = UsableTool.safeParse(item);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
    return { reason: reasons.join("; ") };
  }
  const { name, description, inputSchema, outputSchema, annotations, execution } = parsed.data;
  const tool: ServerTool = {
    name,
    description: description ?? null,
    inputSchema,
    outputSchema: outputSchema ?? null,
    annotations: annotations ?? null,
  };
  return { tool, needsTask: execution?.taskSupport === "required" };
}

export interface CheckedTools {
  readonly listing: ToolListing;
  /** Names of the tools that run as tasks only (MCP specification 2025-11-25, "Tasks"). */
  readonly taskTools: ReadonlySet<string>;
}

/** Reads every page and judges every tool singly: a bad definition loses that tool, and not the others. */
export async function listTools(fetchPage: FetchPage): Promise<CheckedTools> {
  const { items, warnings, ttlMs } = await readPages(fetchPage, "tools");
  const leftOut: LeftOutTool[] = [];
  const tools = new Map<string, ServerTool>();
  const taskTools = new Set<string>();
  for (const [index, item] of items.entries()) {
    const checked = checkTool(item);
    if ("reason" in checked) {
      const { reason } = checked;
      const name = nameOf(item);
      const place = `number ${index + 1}`;
      leftOut.push({ tool: name ?? place, reason });
      warnings.push(`tool ${name === null ? place : `"${name}"`} is left out: ${reason}`);
    } else if (tools.has(checked.tool.name)) {
      const { name } = checked.tool;
      leftOut.push({ tool: name, reason: "it is listed twice, and the first one is used" });
      warnings.push(`tool "${name}" is listed twice; the first one is used`);
    } else {
      tools.set(checked.tool.name, checked.tool);
      if (checked.needsTask) taskTools.add(checked.tool.name);
    }
  }
  return { listing: { tools: [...tools.values()], leftOut, warnings, ttlMs }, taskTools };
}
