import { z } from "zod";
import { matchesGlob } from "./glob.ts";
import { UNIFIED_SEPARATOR } from "./tool-directory.ts";

const globs = z.array(z.string().min(1).max(256)).max(1_000);

/**
 * The servers and tools that a key may use, as patterns (`*` and `?`); all where there are none. It travels with the
 * key's jobs, because a worker judges what could not be known when a job came.
 */
export const ToolAccess = z.strictObject({
  servers: globs.optional().describe("Patterns (* and ?) on names of servers. Default: all servers."),
  tools: globs
    .optional()
    .describe(
      "Patterns (* and ?) on server__tool, the server's name and the tool's own. Default: all tools of these servers.",
    ),
});
export type ToolAccess = z.infer<typeof ToolAccess>;

/** Whether the server may be used at all. */
export function mayUseServer({ servers }: ToolAccess, server: string): boolean {
  return servers?.some((glob) => matchesGlob(glob, server)) ?? true;
}

/** Whether the tool may be used; `tool` is the server's own name for it. */
export function mayUseTool(access: ToolAccess, server: string, tool: string): boolean {
  if (!mayUseServer(access, server)) return false;
  const name = `${server}${UNIFIED_SEPARATOR}${tool}`;
  return access.tools?.some((glob) => matchesGlob(glob, name)) ?? true;
}
