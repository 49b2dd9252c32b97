import { z } from "zod";
import type { ServerTool, ToolListing } from "../connection.ts";

/** A server whose pages never end must not hold up the start for ever. */
const MOST_PAGES = 100;

/** One page of a list request, after `cursor`. */
export type FetchPage = (cursor: string | undefined) => Promise<Record<string, unknown>>;

interface Pages {
  items: unknown[];
  warnings: string[];
}

async function readPages(fetchPage: FetchPage, key: "tools" | "resources"): Promise<Pages> {
  const items: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const result = await fetchPage(cursor);
    const onPage = result[key];
    if (Array.isArray(onPage)) items.push(...onPage);
    const { nextCursor } = result;
    if (typeof nextCursor !== "string" || nextCursor === "") return { items, warnings: [] };
    if (nextCursor === cursor) {
      return {
        items,
        warnings: [`the server repeats page "${nextCursor}" of its ${key}; the rest is left out`],
      };
    }
    cursor = nextCursor;
  }
  return {
    items,
    warnings: [`the server has more than ${MOST_PAGES} pages of ${key}; the rest is left out`],
  };
}

const jsonObject = z.record(z.string(), z.unknown());

/** As much of a tool as we rely on (MCP specification, "Tool"); the SDK's schema would refuse the whole list. */
const UsableTool = z.object({
  name: z.string().min(1),
  description: z.string().nullish().catch(null),
  inputSchema: z.looseObject({ type: z.literal("object") }),
  outputSchema: jsonObject.nullish(),
  // Hints only: without them the tool counts as one that says nothing of itself.
  annotations: jsonObject.nullish().catch(null),
});

function describeTool(item: unknown, index: number): string {
  const name = typeof item === "object" && item !== null && "name" in item ? item.name : undefined;
  return typeof name === "string" && name !== "" ? `tool "${name}"` : `tool number ${index + 1}`;
}

function checkTool(item: unknown): { tool: ServerTool } | { reason: string } {
  const parsed = UsableTool.safeParse(item);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
    return { reason: reasons.join("; ") };
  }
  const { name, description, inputSchema, outputSchema, annotations } = parsed.data;
  const tool: ServerTool = {
    name,
    description: description ?? null,
    inputSchema,
    outputSchema: outputSchema ?? null,
    annotations: annotations ?? null,
  };
  return { tool };
}

/** Reads every page and judges every tool singly: a bad definition loses that tool, and not the others. */
export async function listTools(fetchPage: FetchPage): Promise<ToolListing> {
  const { items, warnings } = await readPages(fetchPage, "tools");
  const tools = new Map<string, ServerTool>();
  for (const [index, item] of items.entries()) {
    const checked = checkTool(item);
    if ("reason" in checked) {
      warnings.push(`${describeTool(item, index)} is left out: ${checked.reason}`);
    } else if (tools.has(checked.tool.name)) {
      warnings.push(`tool "${checked.tool.name}" is listed twice; the first one is used`);
    } else {
      tools.set(checked.tool.name, checked.tool);
    }
  }
  return { tools: [...tools.values()], warnings };
}

/** URIs of all resources. What has none is left out. */
export async function listResources(fetchPage: FetchPage): Promise<string[]> {
  const { items } = await readPages(fetchPage, "resources");
  return items.flatMap((item) =>
    typeof item === "object" && item !== null && "uri" in item && typeof item.uri === "string"
      ? [item.uri]
      : [],
  );
}
