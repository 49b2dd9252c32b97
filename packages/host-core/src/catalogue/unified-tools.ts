import type { Tool } from "@millrace/contracts";
import type { ServerTool } from "../connection/connection.ts";
import { SHORT_HASH_LENGTH, unifiedName } from "./names.ts";

/** Long enough that no two hashes are the same, short enough to leave a readable beginning. */
const LONG_HASH_LENGTH = 40;

/** A server's tools; null while they are not known. */
export interface CatalogueEntry {
  readonly server: string;
  readonly tools: readonly ServerTool[] | null;
  /** Tools that the server has and nobody may use: why, by the server's own name. */
  readonly withheld: ReadonlyMap<string, string>;
  /** Whether the tools may become known without anybody doing anything. */
  readonly connecting: boolean;
}

function toTool(server: string, tool: ServerTool, hashLength: number): Tool {
  return {
    name: unifiedName(server, tool.name, hashLength),
    server_name: server,
    tool_name: tool.name,
    description: tool.description,
    // The same object as before: compiled validators are cached by it.
    parameters: tool.inputSchema,
    output_schema: tool.outputSchema,
    annotations: tool.annotations,
  };
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/**
 * All tools, ordered by unified name: the order is the same in every process and after every reconnect, so
 * that the prompt caches of model providers hold.
 */
export function unifyTools(entries: readonly CatalogueEntry[]): Tool[] {
  const named = entries.flatMap(({ server, tools }) =>
    (tools ?? []).map((tool) => ({ server, tool, short: toTool(server, tool, SHORT_HASH_LENGTH) })),
  );
  const groups = Map.groupBy(named, ({ short }) => short.name);
  return [...groups.values()]
    .flatMap((group) =>
      group.length === 1
        ? group.map(({ short }) => short)
        : group.map(({ server, tool }) => toTool(server, tool, LONG_HASH_LENGTH)),
    )
    .toSorted((one, other) => compare(one.name, other.name));
}
