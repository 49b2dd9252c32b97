import { isShallow, JSON_DEPTH_MAX } from "@millrace/contracts";
import { z } from "zod";
import type { LeftOutTool, ServerTool, ToolListing } from "../connection.ts";
import { readPages, type FetchPage } from "./pages.ts";

/** The longest definition of a tool, as JSON: it goes into the fleet's catalogue and into every request to a model. */
const TOOL_BYTES_MAX = 256 * 1_024;
/** The same for all tools of a server together. */
const TOOLS_BYTES_MAX = 8 * 1_024 * 1_024;
const TOO_MUCH = `the definitions of the server's tools together have more than ${TOOLS_BYTES_MAX} bytes`;
/** How much a warning shows of the name of a tool that is left out. */
const SHOWN_NAME_LENGTH_MAX = 200;

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
  return typeof name === "string" && name !== "" ? shown(name) : null;
}

function shown(name: string): string {
  return name.slice(0, SHOWN_NAME_LENGTH_MAX);
}

/** `bytes`: of the tool's JSON. */
type CheckedTool = { tool: ServerTool; bytes: number; needsTask: boolean } | { reason: string };

function checkTool(item: unknown): CheckedTool {
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
  // Before anything that is recursive meets it.
  if (!isShallow(tool)) return { reason: `it nests deeper than ${JSON_DEPTH_MAX} levels` };
  const bytes = Buffer.byteLength(JSON.stringify(tool));
  if (bytes > TOOL_BYTES_MAX) {
    return { reason: `its definition has ${bytes} bytes; the limit is ${TOOL_BYTES_MAX}` };
  }
  return { tool, bytes, needsTask: execution?.taskSupport === "required" };
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
  let bytes = 0;
  let excess = 0;
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
      leftOut.push({ tool: shown(name), reason: "it is listed twice, and the first one is used" });
      warnings.push(`tool "${shown(name)}" is listed twice; the first one is used`);
    } else if (bytes + checked.bytes > TOOLS_BYTES_MAX) {
      excess += 1;
      leftOut.push({ tool: shown(checked.tool.name), reason: TOO_MUCH });
    } else {
      tools.set(checked.tool.name, checked.tool);
      bytes += checked.bytes;
      if (checked.needsTask) taskTools.add(checked.tool.name);
    }
  }
  if (excess > 0) warnings.push(`${excess} tools are left out: ${TOO_MUCH}`);
  return { listing: { tools: [...tools.values()], leftOut, warnings, ttlMs }, taskTools };
}
